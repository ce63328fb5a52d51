namespace SplitInfer.Cli.Inputs;

/// <summary>What was typed makes no sense in a way that only shows once files were read; the message says what to type instead.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Whether the message speaks of a file or a variable, whose names must not be taken for those of options.</summary>
    public bool NamesSettings { get; private init; }

    /// <summary>What is wrong with a setting.</summary>
    /// <param name="origin">The file or the variable that has it.</param>
    /// <param name="message">What is wrong with it.</param>
    public static UsageException OfSetting(string origin, string message) => new($"{origin}: {message}") { NamesSettings = true };
}
