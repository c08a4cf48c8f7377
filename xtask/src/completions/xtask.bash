# Completion of `cargo xtask`, and of the program xtask, in bash: printed by `cargo xtask completions bash`.
# What is typed is completed by the program itself, as it was built last. Nothing is compiled, and nothing is done where it was not.

# The words up to the cursor in `typed`: bash parts them at : and = as well, which stand within names here.
_xtask_split() {
    local line=${COMP_LINE:0:COMP_POINT} before word i
    typed=()
    for ((i = 0; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        before=${line%%"$word"*}
        line=${line#"$before$word"}
        _xtask_add "$before" "$word"
    done
    before=${line%%[![:space:]]*}
    _xtask_add "$before" "${line#"$before"}"
}

_xtask_add() {
    if ((${#typed[@]})) && [[ -z $1 && ($2 == [:=]* || ${typed[-1]} == *[:=]) ]]; then
        typed[-1]+=$2
    else
        typed+=("$2")
    fi
}

# The program of the checkout that one is in.
_xtask_built() {
    local dir=$PWD program
    while [[ ! -f $dir/patchbench.yaml || ! -f $dir/Cargo.toml ]]; do
        [[ -n $dir ]] || return
        dir=${dir%/*}
    done
    for program in "${CARGO_TARGET_DIR:-$dir/target}"/{debug,release}/xtask; do
        [[ -x $program ]] && printf '%s' "$program" && return
    done
}

# Takes the program, and the words from `xtask` on.
_xtask_complete() {
    local program=$1 current=${!#} breaks='' prefix
    shift
    COMPREPLY=()
    [[ -x $program ]] || return 0
    mapfile -t -d $'\v' COMPREPLY < <(_CLAP_IFS=$'\v' _CLAP_COMPLETE_INDEX=$(($# - 1)) XTASK_COMPLETE=bash "$program" -- "$@" 2>/dev/null)
    compopt -o nosort 2>/dev/null
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[/:=] ]]; then
        compopt -o nospace
    fi
    if [[ ${COMPREPLY[0]-} == */* && -e ${COMPREPLY[0]-} ]]; then
        compopt -o filenames
    fi
    # Only what is behind the last : or = is replaced, where bash parts words there.
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+==
    if [[ -n $breaks ]]; then
        prefix=${current%"${current##*["$breaks"]}"}
        COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    fi
}

# What completes cargo besides: the function that was there before, else the one of bash-completion, else rustup's, which needs
# bash-completion as well.
_xtask_hand_back() {
    local load
    if [[ -z ${_xtask_cargo-} ]]; then
        for load in _comp_load __load_completion; do
            declare -F "$load" >/dev/null && "$load" cargo
        done
        _xtask_remember
        if [[ -z ${_xtask_cargo-} ]] && declare -F _get_comp_words_by_ref >/dev/null && type -P rustc >/dev/null; then
            source "$(rustc --print sysroot)/etc/bash_completion.d/cargo" 2>/dev/null
            _xtask_remember
        fi
        complete -F _xtask_for_cargo cargo
    fi
    if [[ -n ${_xtask_cargo-} ]]; then
        "$_xtask_cargo" "$@"
    fi
}

_xtask_remember() {
    local words
    read -r -a words <<<"$(complete -p cargo 2>/dev/null)"
    local i
    for ((i = 0; i < ${#words[@]}; i++)); do
        if [[ ${words[i]} == -F && ${words[i + 1]} != _xtask_for_cargo ]]; then
            _xtask_cargo=${words[i + 1]}
        fi
    done
}

_xtask_for_cargo() {
    local typed at=1
    _xtask_split
    while [[ ${typed[at]-} == [+-]* ]]; do
        ((at++))
    done
    if [[ ${typed[at]-} == xtask ]] && ((at < ${#typed[@]} - 1)); then
        _xtask_complete "$(_xtask_built)" "${typed[@]:at}"
    else
        _xtask_hand_back "$@"
    fi
}

_xtask_for_program() {
    local typed program=${1/#\~\//$HOME/}
    _xtask_split
    _xtask_complete "$(type -P -- "$program")" "${typed[@]}"
}

_xtask_remember
complete -F _xtask_for_cargo cargo
complete -F _xtask_for_program xtask
