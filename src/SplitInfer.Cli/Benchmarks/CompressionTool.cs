using System.Diagnostics;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// A general compressor that this machine has, as a program. It gets the same bytes many times over as separate files, and the time that it
/// takes for an empty file is taken off, so that starting it does not count.
/// </summary>
/// <param name="Command">What people know it by.</param>
/// <param name="Arguments">How it compresses files to standard output.</param>
internal sealed record CompressionTool(string Command, string Arguments)
{
    private const int Repetitions = 3;
    private const long BytesToCompress = 16 << 20;

    private static readonly CompressionTool[] Known =
    [
        new("lz4", "lz4 -1 -q -m -c"),
        new("zstd -1", "zstd -1 -q --single-thread -c"),
        new("gzip -1", "gzip -1 -q -c"),
        new("gzip -6", "gzip -6 -q -c"),
    ];

    private string Executable => Command.Split(' ')[0];

    /// <summary>Those that are installed.</summary>
    public static IReadOnlyList<CompressionTool> Installed()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return OperatingSystem.IsWindows() ? [] : [.. Known.Where(tool => folders.Any(folder => File.Exists(Path.Combine(folder, tool.Executable))))];
    }

    /// <summary>Measures it on the bytes of a boundary, all tensors in one.</summary>
    /// <exception cref="IOException">The program fails.</exception>
    public CodecRow Measure(int partition, IReadOnlyList<TensorValue> boundary, TimeProvider time)
    {
        var folder = Directory.CreateTempSubdirectory("splitinfer-");
        try
        {
            var (plain, packed, nothing, packedNothing) = (In("plain"), In($"packed.{Executable}"), In("nothing"), In($"nothing.{Executable}"));
            using (var file = File.Create(plain))
            {
                foreach (var tensor in boundary) file.Write(tensor.Bytes.Span);
            }

            File.Create(nothing).Dispose();
            Run($"{Arguments} '{plain}' > '{packed}'", time);
            Run($"{Arguments} '{nothing}' > '{packedNothing}'", time);
            var bytes = new FileInfo(plain).Length;
            var (packedBytes, elements) = (new FileInfo(packed).Length, boundary.Sum(static tensor => tensor.Shape.ElementCount));
            return new(partition, Command, (double)bytes / packedBytes, Speed(Arguments, plain, nothing), Speed(Arguments + " -d", packed, packedNothing), packedBytes * 8.0 / elements, 0, null);

            double Speed(string command, string input, string empty)
            {
                var copies = (int)Math.Clamp(BytesToCompress / bytes, 1, 400);
                var seconds = Least($"{command} {string.Concat(Enumerable.Repeat($"'{input}' ", copies))} > /dev/null") - Least($"{command} '{empty}' > /dev/null");
                return bytes * copies / Math.Max(seconds, 1e-9) / 1e9;
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        string In(string name) => Path.Combine(folder.FullName, name);

        double Least(string command) => Enumerable.Range(0, Repetitions).Min(_ => Run(command, time));
    }

    private double Run(string command, TimeProvider time)
    {
        var start = time.GetTimestamp();
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])) ?? throw new IOException("A shell could not be started.");
        shell.WaitForExit();
        return shell.ExitCode == 0 ? time.GetElapsedTime(start).TotalSeconds : throw new IOException($"'{Command}' ended with code {shell.ExitCode}.");
    }
}
