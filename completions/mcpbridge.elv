# Completion of mcpbridge for elvish. What can be typed is known to mcpbridge itself.

use str

set edit:completion:arg-completer[mcpbridge] = {|@words|
    var current = $words[-1]
    try {
        e:mcpbridge complete --current=$current -- (all $words[1..-1]) 2>/dev/null | from-lines | each {|line|
            var value = (str:split "\t" $line | take 1)
            var about = (str:trim-prefix $line $value"\t")
            if (eq $value :files) {
                edit:complete-filename $current
            } else {
                edit:complex-candidate $value &display=$value'  '$about
            }
        }
    } catch {
        nop
    }
}
