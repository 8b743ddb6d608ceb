/** Shells that completion is for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** What a candidate is that stands for the files of the folder. */
export const FILES = ":files";

/** What a shell runs at its start: it asks `cocaine __complete` with the words up to the cursor. */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `_cocaine() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = "${FILES}" ]; then
      compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("$line")
    fi
  done < <(cocaine __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _cocaine cocaine
`,
  zsh: `#compdef cocaine
_cocaine() {
  local -a lines
  lines=("\${(@f)$(cocaine __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == "${FILES}" ]]; then
    _files
  elif [[ -n "\${lines[1]}" ]]; then
    compadd -- "\${lines[@]}"
  fi
}
compdef _cocaine cocaine
`,
  fish: `function __cocaine_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (cocaine __complete -- $words[2..] 2>/dev/null)
    if test "$line" = "${FILES}"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c cocaine -f -a '(__cocaine_complete)'
`,
};
