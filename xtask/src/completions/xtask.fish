# Completion of `cargo xtask`, and of the program xtask, in fish: printed by `cargo xtask completions fish`.
# What is typed is completed by the program itself, as it was built last. Nothing is compiled, and nothing is done where it was not.

# The program of the checkout that one is in.
function __xtask_built
    set -l dir $PWD
    while not test -f "$dir/patchbench.yaml" -a -f "$dir/Cargo.toml"
        test -n "$dir"; or return
        set dir (string replace -r '/[^/]*$' '' -- $dir)
    end
    set -l target $dir/target
    set -q CARGO_TARGET_DIR; and set target $CARGO_TARGET_DIR
    for program in $target/{debug,release}/xtask
        if test -x $program
            echo $program
            return
        end
    end
end

# The words from `xtask` on, where that is what is completed; the last one is the one at the cursor.
function __xtask_words
    set -l words (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor)
    if not string match -q '*cargo' -- $words[1]
        string join \n -- $words
        return
    end
    set -l at 2
    while string match -qr '^[+-]' -- "$words[$at]"
        set at (math $at + 1)
    end
    if test "$words[$at]" = xtask -a $at -lt (count $words)
        string join \n -- $words[$at..]
    end
end

function __xtask_is_meant
    test (count (__xtask_words)) -gt 0
end

# Takes the program.
function __xtask_complete
    if test -x "$argv[1]"
        XTASK_COMPLETE=fish $argv[1] -- (__xtask_words) 2>/dev/null
    end
end

# Those of cargo itself stay.
complete --keep-order --no-files --command cargo --condition __xtask_is_meant --arguments '(__xtask_complete (__xtask_built))'
complete --keep-order --no-files --command xtask --arguments '(__xtask_complete (command -s -- (commandline --current-process --tokenize)[1]))'
