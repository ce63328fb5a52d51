using System.Diagnostics;

namespace SplitInfer.Cli.Processes;

/// <summary>How this program starts itself, for work that needs a process of its own.</summary>
internal static class ThisProgram
{
    /// <summary>A start with these arguments; standard output is redirected.</summary>
    public static ProcessStartInfo With(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        // Where the program was started as "dotnet splitinfer.dll", so is the child.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
