/**
 * To be read by bash: `source <(onggi completion bash)`. Candidates come without their explanations. Bash breaks words at
 * `=` and `:` too, so that only what stands behind the last of them is replaced.
 */
export const BASH = `# bash completion for onggi
_onggi() {
  local IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} piece=\${COMP_WORDS[COMP_CWORD]} cur= candidate
  local -a words
  read -ra words <<< "$line"
  case $line in *[[:space:]]) words+=("") ;; *) cur=\${words[-1]} ;; esac
  case $piece in = | :) piece= ;; esac
  local kept=$((\${#cur} - \${#piece}))
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=\${candidate%%$'\\t'*}
    case $candidate in
      :files) IFS=$'\\n' COMPREPLY+=($(compgen -f -- "$piece")); compopt -o filenames ;;
      :directories) IFS=$'\\n' COMPREPLY+=($(compgen -d -- "$piece")); compopt -o filenames ;;
      *) COMPREPLY+=("\${candidate:kept}") ;;
    esac
  done < <(onggi __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _onggi onggi
`;

/** To be read by zsh: `source <(onggi completion zsh)`, or a file `_onggi` in a folder of fpath. */
export const ZSH = `#compdef onggi
_onggi() {
  local -a found
  local line text help
  while IFS= read -r line; do
    text=\${line%%$'\\t'*}
    help=\${line#*$'\\t'}
    case $text in
      :files) _files ;;
      :directories) _files -/ ;;
      *) if [[ $help == $line ]]; then found+=("\${text//:/\\\\:}"); else found+=("\${text//:/\\\\:}:$help"); fi ;;
    esac
  done < <(onggi __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe 'onggi' found
}
if [[ $funcstack[1] == _onggi ]]; then _onggi "$@"; else compdef _onggi onggi; fi
`;

/** To be read by fish: `onggi completion fish | source`. */
export const FISH = `# fish completion for onggi
function __onggi_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (onggi __complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':directories'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c onggi -f -a '(__onggi_complete)'
`;
