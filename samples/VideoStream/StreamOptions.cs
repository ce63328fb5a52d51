using System.Globalization;
using SplitInfer.Emulation;

namespace VideoStream;

/// <summary>The options of the command line.</summary>
internal sealed record StreamOptions
{
    private const string Usage = """
        VideoStream [options]
          --policy NAME          the policy that chooses the partition; the client's default unless given
          --partition k          the partition that policy Fixed takes
          --frames N             number of frames; unless given, until the last phase of the link ends
          --seconds-per-phase S  duration of each phase of the link; 12 unless given
          --out FILE.html        the page; video-stream.html unless given
          --model FILE.onnx      a model that takes one 1×3×H×W image; ResNet-18 unless given
          --slowdown X           how much slower than this machine the device is; 8 unless given
        """;

    public string? Policy { get; init; }

    public int? Partition { get; init; }

    public int? Frames { get; init; }

    public double SecondsPerPhase { get; init; } = 12;

    public string Out { get; init; } = "video-stream.html";

    public string Model { get; init; } = Path.Combine(AppContext.BaseDirectory, "ResNet18.onnx");

    public double Slowdown { get; init; } = 8;

    /// <summary>The phases of the link.</summary>
    public LinkPhase[] Phases
    {
        get
        {
            var duration = TimeSpan.FromSeconds(SecondsPerPhase);
            double[] mbps = [50, 4, 50];
            return [.. mbps.Select(rate => new LinkPhase(duration, new LinkConditions(rate, RoundTrip: TimeSpan.FromMilliseconds(4))))];
        }
    }

    /// <summary>Reads the command line; null if it is not valid, after printing the usage.</summary>
    public static StreamOptions? Parse(string[] args)
    {
        var options = new StreamOptions();
        try
        {
            for (var at = 0; at < args.Length; at += 2) options = options.With(args[at], args[at + 1]);
            return options;
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException or OverflowException)
        {
            Console.Error.WriteLine(Usage);
            return null;
        }
    }

    private StreamOptions With(string name, string value) => name switch
    {
        "--policy" => this with { Policy = value },
        "--partition" => this with { Partition = int.Parse(value, CultureInfo.InvariantCulture) },
        "--frames" => this with { Frames = int.Parse(value, CultureInfo.InvariantCulture) },
        "--seconds-per-phase" => this with { SecondsPerPhase = Positive(value) },
        "--out" => this with { Out = value },
        "--model" => this with { Model = value },
        "--slowdown" => this with { Slowdown = Math.Max(1, Positive(value)) },
        _ => throw new FormatException(),
    };

    private static double Positive(string value) =>
        double.Parse(value, CultureInfo.InvariantCulture) is > 0 and < 1e6 and var number ? number : throw new FormatException();
}
