using System.CommandLine;

namespace SplitInfer.Cli.Commands;

/// <summary>A command with examples of its use, which its help shows.</summary>
internal sealed class ExplainedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public string[] Examples => examples;

    /// <summary>Adds several options.</summary>
    public void Add(IEnumerable<Option> options)
    {
        foreach (var option in options) Add(option);
    }
}
