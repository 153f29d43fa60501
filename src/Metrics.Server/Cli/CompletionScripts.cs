namespace Metrics.Cli;

/// <summary>The scripts by which shells ask <c>metricsd complete</c>; each falls back to names of files.</summary>
internal static class CompletionScripts
{
    private const string Bash = """
        # Completion of metricsd for bash: source <(metricsd completion bash)
        _metricsd() {
          local word words
          # Readline breaks words at = and :, which are parts of ours.
          read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
          [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
          COMPREPLY=()
          while IFS=$'\t' read -r word _; do
            COMPREPLY+=("$word")
          done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
        }
        complete -o default -F _metricsd metricsd

        """;

    private const string Zsh = """
        #compdef metricsd
        # Completion of metricsd for zsh: source <(metricsd completion zsh), after compinit
        _metricsd() {
          local -a found
          local line
          for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
            [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
          done
          if (( ${#found} )); then
            _describe 'metricsd' found
          else
            _files
          fi
        }
        compdef _metricsd metricsd

        """;

    private const string Fish = """
        # Completion of metricsd for fish: metricsd completion fish > ~/.config/fish/completions/metricsd.fish
        function __metricsd_complete
            set -l words (commandline -opc) (commandline -ct)
            $words[1] complete -- $words[2..-1] 2>/dev/null
        end
        complete -c metricsd -a '(__metricsd_complete)'

        """;

    /// <summary>Shells that there is a script for.</summary>
    public static string[] Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The script for one of <see cref="Shells"/>.</summary>
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => throw new ArgumentOutOfRangeException(nameof(shell), shell, "no such shell"),
    };
}
