using SplitInfer.Testing;

namespace SplitInfer.Policies.Tests.Decisions;

/// <summary>
/// Policies decide frame by frame as they did when their decisions were recorded. What is recorded changes only where a policy,
/// or the simulator, is meant to behave differently; <c>SPLITINFER_APPROVE=1</c> records anew.
/// </summary>
public sealed class RecordedDecisionTests
{
    private const string Folder = "tests/SplitInfer.Policies.Tests/Decisions/Approved/";

    [RecordedTheory]
    [MemberData(nameof(PlayedWorld.Described), MemberType = typeof(PlayedWorld))]
    public void Decisions_are_those_recorded(string world) => Compare(world, seeds: 2, static trace => trace);

    [RecordedTheory]
    [MemberData(nameof(PlayedWorld.Random), MemberType = typeof(PlayedWorld))]
    public void Decisions_in_random_worlds_are_those_recorded(string world) => Compare(world, seeds: 1, TraceText.Shorten);

    [Fact]
    public void A_trace_is_read_as_it_was_written()
    {
        var trace = string.Concat(Enumerable.Repeat("aB!c", 90));
        (TraceKey Key, string Trace)[] traces = [.. TraceKey.All(seeds: 1).Select((key, i) => (key, i < 4 ? trace : i == 4 ? TraceText.Shorten(trace) : "ab"))];
        var text = TraceText.Write(traces);
        Assert.Equal(traces.ToDictionary(static t => t.Key.ToString(), static t => t.Trace), TraceText.Read(text));
        Assert.Equal("frame 1 was 'B!' and is now 'B'", TraceText.Difference(trace, trace.Remove(2, 1)));
        Assert.Equal("frame 2 was 'c' and is now ''", TraceText.Difference("abc", "ab"));
        Assert.Equal("some frame from 60 on differs, which only the digest shows", TraceText.Difference(TraceText.Shorten(trace), TraceText.Shorten(trace + "a")));
    }

    private static void Compare(string world, int seeds, Func<string, string> shorten)
    {
        var file = new ApprovedFile($"{Folder}{world}.txt");
        var played = new PlayedWorld(world);
        var traces = TraceKey.All(seeds).Select(key => (Key: key, Trace: shorten(played.Play(key)))).ToList();
        if (ApprovedFile.IsApproving)
        {
            file.Write(TraceText.Write(traces));
            return;
        }

        var approved = TraceText.Read(file.Read());
        var differences =
            from trace in traces
            let difference = TraceText.Difference(approved.GetValueOrDefault(trace.Key.ToString(), ""), trace.Trace)
            where difference is not null
            select $"{world}, {trace.Key}: {difference}";
        var found = differences.ToList();
        Assert.True(found.Count == 0, $"{string.Join('\n', found)}\n{ApprovedFile.HowToApprove}");
        Assert.Equal(traces.Count, approved.Count);
    }
}
