# Completion of mcpbridge for fish. What can be typed is known to mcpbridge itself.

function __mcpbridge_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (mcpbridge complete --current="$current" -- $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = :files
        set -l flag (string match -r '^--[^=]+=' -- "$current")
        for path in (__fish_complete_path (string replace -r '^--[^=]+=' '' -- "$current"))
            echo "$flag$path"
        end
    else if set -q lines[1]
        printf '%s\n' $lines
    end
end

complete -c mcpbridge -f -a '(__mcpbridge_complete)'
