using Spectre.Console;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>The stages of a request as a bar of letters, so that it can be read without colours as well.</summary>
internal static class StageLetters
{
    private static readonly (char Letter, string Name, Color Color, Func<MonitoredStages, double> Seconds)[] Stages =
    [
        ('d', "decide", Color.Grey, static stages => stages.DecideSeconds),
        ('h', "head", Color.Green, static stages => stages.HeadSeconds),
        ('e', "encode", Color.Yellow, static stages => stages.EncodeSeconds),
        ('u', "upload", Color.Blue, static stages => stages.SendSeconds),
        ('s', "server", Color.Magenta, static stages => stages.ServerSeconds),
        ('r', "reply", Color.Aqua, static stages => stages.ReplySeconds),
        ('t', "tail on the device", Color.Lime, static stages => stages.TailSeconds),
    ];

    /// <summary>What the letters mean.</summary>
    public static string Legend { get; } = string.Join(", ", Stages.Select(static stage => $"{stage.Letter} {stage.Name}"));

    /// <summary>A letter for each <paramref name="width"/>-th part of the time, rounded so that all of it is told.</summary>
    public static string Of(MonitoredStages stages, int width)
    {
        double[] seconds = [.. Stages.Select(stage => stage.Seconds(stages) is > 0 and var taken && double.IsFinite(taken) ? taken : 0)];
        var total = seconds.Sum();
        if (total <= 0) return "";
        var letters = new char[width];
        for (var place = 0; place < width; place++)
        {
            // The stage in which the middle of the place lies.
            var (at, stage) = ((place + 0.5) / width * total, 0);
            while (stage < seconds.Length - 1 && at >= seconds[stage]) at -= seconds[stage++];
            letters[place] = Stages[stage].Letter;
        }

        return new(letters);
    }

    /// <summary>The same in colours.</summary>
    public static Paragraph Coloured(string letters)
    {
        var text = new Paragraph { Overflow = Overflow.Crop };
        foreach (var run in letters.GroupBy(static letter => letter)) text.Append(new string(run.Key, run.Count()), new Style(Stages.First(stage => stage.Letter == run.Key).Color));
        return text;
    }
}
