using System.Diagnostics;
using System.Security.Cryptography;

namespace SplitInfer.Fuzzing.Runs;

/// <summary>Ends the process when an input takes for ever, and keeps the inputs that are found.</summary>
internal sealed class Watchdog : IDisposable
{
    // No input has that much to do, however busy the machine is.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly FuzzTarget _target;
    private readonly string _folder;
    private readonly Timer _timer;
    private byte[] _input = [];
    private long _began = Stopwatch.GetTimestamp();

    public Watchdog(FuzzTarget target, string folder)
    {
        (_target, _folder) = (target, folder);
        _timer = new(_ => Look(), null, Patience / 8, Patience / 8);
    }

    /// <summary>An input is about to be taken.</summary>
    public void Begin(byte[] input)
    {
        if (_target.MayCrash)
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllBytes(Path.Combine(_folder, $"{_target.Name}.last"), input);
        }

        _input = input;
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
    }

    /// <summary>Writes an input down.</summary>
    /// <returns>Where.</returns>
    public string Save(byte[] input)
    {
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, $"{_target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 6))}.bin");
        File.WriteAllBytes(path, input);
        return path;
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _began)) < Patience) return;
        Environment.FailFast($"Target {_target.Name} has not come to an end for {Patience.TotalMinutes} minutes with the input in {Save(_input)}.");
    }
}
