# Completion of mcpbridge for bash. What can be typed is known to mcpbridge itself.

_mcpbridge() {
    local line=$COMP_LINE piece index current reply value
    local -a words=()
    # The shell has cut words at : and =, as in a URL. What stands together is one word.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        piece=${COMP_WORDS[index]}
        if ((index == 0)) || [[ $line == [[:space:]]* ]]; then
            words[${#words[@]}]=$piece
        else
            words[${#words[@]} - 1]+=$piece
        fi
        line=${line#"${line%%[![:space:]]*}"}
        line=${line#"$piece"}
    done
    current=${words[${#words[@]} - 1]}
    unset "words[${#words[@]} - 1]"
    # As the program would get them, without quotes.
    words=("${words[@]//[\"\'\\]/}")
    # Only what stands behind the last cut is replaced.
    local head=${current%"${COMP_WORDS[COMP_CWORD]}"}
    [[ ${COMP_WORDS[COMP_CWORD]} == [:=] ]] && head=$current
    # Bash 3 cuts what it replaces, and not the words that it tells of.
    ((BASH_VERSINFO[0] < 4)) && head=${current%"${current##*[:=]}"}
    COMPREPLY=()
    reply=$(mcpbridge complete --current="$current" -- "${words[@]:1}" 2>/dev/null)
    if [[ $reply == :files ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r value; do
            COMPREPLY[${#COMPREPLY[@]}]=$value
        done < <(compgen -f -- "${current#"${head}"}")
        return
    fi
    while IFS=$'\t' read -r value _; do
        [[ -n $value ]] && COMPREPLY[${#COMPREPLY[@]}]=${value#"$head"}
    done <<<"$reply"
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _mcpbridge mcpbridge
