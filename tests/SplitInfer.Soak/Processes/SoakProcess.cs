using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.Soak.Processes;

/// <summary>One of the two processes that are watched. It is told what to do by lines, of which each gets a line back, and ends when no more can come.</summary>
internal sealed class SoakProcess : IDisposable
{
    /// <summary>Asks for a <see cref="ProcessUse"/>.</summary>
    public const string Measure = "measure";

    // Longer than anything that is asked for takes: what does not answer by then hangs.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly string _name;

    private SoakProcess(Process process, string name) => (_process, _name) = (process, name);

    /// <summary>Starts one.</summary>
    /// <param name="role">What it is.</param>
    /// <param name="arguments">What it is given.</param>
    public static SoakProcess Start(string role, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(SoakProcess).Assembly.Location);
        start.ArgumentList.Add(role);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return new(Process.Start(start)!, role);
    }

    /// <summary>The next line that it says.</summary>
    /// <exception cref="IOException">It ended, or says nothing.</exception>
    public async Task<string> ReadAsync()
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(AnswerLimit) ?? throw new IOException($"The {_name} process ended by itself.");
        }
        catch (TimeoutException error)
        {
            throw new IOException($"The {_name} process has not answered for {AnswerLimit.TotalMinutes} minutes.", error);
        }
    }

    /// <summary>Tells it something, and reads what it says to that.</summary>
    public async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await ReadAsync();
    }

    /// <summary>What it takes.</summary>
    public async Task<ProcessUse> MeasureAsync() => JsonSerializer.Deserialize(await AskAsync(Measure), ProcessUseJson.Default.ProcessUse)!;

    /// <summary>The child's side of <see cref="MeasureAsync"/>.</summary>
    public static void Answer(ProcessUse use) => Console.WriteLine(JsonSerializer.Serialize(use, ProcessUseJson.Default.ProcessUse));

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
