/** To be read by bash: `source <(onggi completion bash)`. Candidates come without their explanations. */
export const BASH = `# bash completion for onggi
_onggi() {
  local IFS=$'\\n' cur=\${COMP_WORDS[COMP_CWORD]} words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    case \${line%%$'\\t'*} in
      :files) COMPREPLY+=($(compgen -f -- "$cur")); compopt -o filenames ;;
      :directories) COMPREPLY+=($(compgen -d -- "$cur")); compopt -o filenames ;;
      "$cur"*) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(onggi __complete -- "\${words[@]}" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
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
