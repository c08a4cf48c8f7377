#compdef cargo xtask
# Completion of `cargo xtask`, and of the program xtask, in zsh: printed by `cargo xtask completions zsh`.
# What is typed is completed by the program itself, as it was built last. Nothing is compiled, and nothing is done where it was not.

# The program of the checkout that one is in.
_xtask_built() {
    local dir=$PWD program
    while [[ ! -f $dir/patchbench.yaml || ! -f $dir/Cargo.toml ]]; do
        [[ -n $dir ]] || return
        dir=${dir%/*}
    done
    for program in ${CARGO_TARGET_DIR:-$dir/target}/{debug,release}/xtask; do
        [[ -x $program ]] && print -rn -- $program && return
    done
}

# Takes the program; the words begin with `xtask`.
_xtask_complete() {
    [[ -x $1 ]] || return 1
    local -a lines folders others
    local line value
    lines=("${(@f)$(_CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) XTASK_COMPLETE=zsh $1 -- "${(@)words}" 2>/dev/null)}")
    for line in ${lines:#}; do
        # What is behind the first : that stands for itself says what it is.
        value=${line//\\:/}
        value=${value%%:*}
        if [[ $value == */ ]]; then
            folders+=("${line/\/(#e)/}")
        else
            others+=("$line")
        fi
    done
    (( $#folders )) && _describe -V 'folders' folders -S / -r /
    (( $#others )) && _describe -V 'values' others
}

# What completes cargo besides: the function that was there before, else _cargo, be it rustup's.
_xtask_hand_back() {
    local -a found=(${^fpath}/_cargo(N))
    if (( ! $+functions[$_xtask_cargo] )); then
        if (( ! $#found && $+commands[rustc] )); then
            fpath+=("$(rustc --print sysroot)/share/zsh/site-functions")
        fi
        autoload -Uz $_xtask_cargo
    fi
    $_xtask_cargo "$@"
}

_xtask() {
    if [[ ${words[1]:t} != cargo ]]; then
        _xtask_complete "$(whence -p -- ${~words[1]})"
        return
    fi
    local at=2
    while [[ ${words[at]} == [+-]* ]]; do
        (( at++ ))
    done
    if [[ ${words[at]} == xtask ]] && (( at < CURRENT )); then
        shift $(( at - 1 )) words
        (( CURRENT -= at - 1 ))
        _xtask_complete "$(_xtask_built)"
    else
        _xtask_hand_back "$@"
    fi
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
[[ ${_comps[cargo]-_xtask} == _xtask ]] || typeset -g _xtask_cargo=$_comps[cargo]
: ${_xtask_cargo:=_cargo}
compdef _xtask cargo xtask
