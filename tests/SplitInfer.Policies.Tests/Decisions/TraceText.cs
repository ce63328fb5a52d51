using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Policies.Tests.Decisions;

/// <summary>
/// How traces are written: the keys that share a trace, one a line, then the trace, indented, 100 frames a line. A shortened
/// trace has its first 60 frames and a digest of all.
/// </summary>
internal static class TraceText
{
    /// <summary>After the letter of a frame whose arm was taken to learn.</summary>
    public const char Forced = '!';

    private const int FramesOfLine = 100, FramesOfShortened = 60;
    private const string Indent = "  ", Digest = "sha256:";

    /// <summary>The traces as text; equal ones stand there once.</summary>
    public static string Write(IEnumerable<(TraceKey Key, string Trace)> traces)
    {
        var text = new StringBuilder();
        foreach (var group in traces.GroupBy(static t => t.Trace, static t => t.Key, StringComparer.Ordinal))
        {
            foreach (var key in group) text.Append(key).Append('\n');
            foreach (var line in Lines(group.Key)) text.Append(Indent).Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The trace of each key that the text has.</summary>
    public static Dictionary<string, string> Read(string text)
    {
        var (traces, keys, trace) = (new Dictionary<string, string>(), new List<string>(), "");
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var isKey = !line.StartsWith(Indent, StringComparison.Ordinal);
            if (isKey && trace.Length > 0) (keys, trace) = ([], "");
            if (isKey) keys.Add(line);
            else trace += (line.Contains(Digest) ? " " : "") + line.Trim();
            foreach (var key in keys) traces[key] = trace;
        }

        return traces;
    }

    /// <summary>The first frames, and what stands for all.</summary>
    public static string Shorten(string trace) =>
        $"{string.Concat(Frames(trace).Take(FramesOfShortened))} {Digest}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(trace)))}";

    /// <summary>The first frame at which two traces differ, in words; null where they are equal.</summary>
    public static string? Difference(string approved, string now)
    {
        if (approved == now) return null;
        var (before, after) = (Frames(approved.Split(' ')[0]).ToArray(), Frames(now.Split(' ')[0]).ToArray());
        var frame = 0;
        while (frame < before.Length && frame < after.Length && before[frame] == after[frame]) frame++;
        return frame == before.Length && frame == after.Length
            ? $"some frame from {frame} on differs, which only the digest shows"
            : $"frame {frame} was '{before.ElementAtOrDefault(frame)}' and is now '{after.ElementAtOrDefault(frame)}'";
    }

    private static IEnumerable<string> Lines(string trace)
    {
        var parts = trace.Split(' ');
        return Frames(parts[0]).Chunk(FramesOfLine).Select(static frames => string.Concat(frames)).Concat(parts[1..]);
    }

    private static IEnumerable<string> Frames(string trace)
    {
        for (var i = 0; i < trace.Length; i++)
            if (trace[i] != Forced) yield return i + 1 < trace.Length && trace[i + 1] == Forced ? trace[i..(i + 2)] : trace[i].ToString();
    }
}
