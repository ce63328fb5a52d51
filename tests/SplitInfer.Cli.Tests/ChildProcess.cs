using System.Diagnostics;
using System.Globalization;

namespace SplitInfer.Cli.Tests;

/// <summary>Finds processes that another one started.</summary>
internal static class ChildProcess
{
    /// <summary>The first child of a process, waited for until it is there. Linux only.</summary>
    public static async Task<Process> OfAsync(Process parent)
    {
        while (!parent.HasExited)
        {
            if (Process.GetProcesses().FirstOrDefault(process => ParentOf(process.Id) == parent.Id) is { } child) return child;
            await Task.Yield();
        }

        throw new InvalidOperationException("The process ended without a child.");
    }

    private static int ParentOf(int id)
    {
        try
        {
            // The name of the program, in brackets, may hold spaces.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return 0;
        }
    }
}
