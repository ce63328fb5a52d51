using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Tests.Servers;

/// <summary>What a server lacks is asked for again: at once over another connection, else after 5 s, 10 s and so on up to a minute.</summary>
public sealed class ServerVariantsTests
{
    private const int Number = 3;

    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Pauses_double_up_to_a_minute_and_begin_anew_on_another_connection()
    {
        var server = new Scene(has: [true, false]);
        await server.AskAsync();
        Assert.Equal((double[])[5, 10, 20, 40, 60, 60], await server.SecondsBetweenQuestionsAsync(6));
        server.Connections++;
        Assert.Equal((double[])[0, 5, 10], await server.SecondsBetweenQuestionsAsync(3));
    }

    /// <summary>Whatever happens in whatever order, the mask says what the server said last of each variant, and nothing is asked too early or forgotten.</summary>
    [Fact]
    public void What_the_server_said_last_holds()
    {
        var property = Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
        {
            var random = new Random(seed);
            var server = new Scene([.. Enumerable.Range(0, 3).Select(_ => random.Next(2) == 0)]);
            var (lacks, due) = (new Dictionary<int, (int Asked, int Connection)>(), new double[3]);
            for (var step = 0; step < 60; step++)
            {
                var variant = random.Next(3);
                switch (random.Next(5))
                {
                    case 0:
                        server.Has[variant] = !server.Has[variant];
                        break;
                    case 1:
                        server.Connections++;
                        break;
                    case 2:
                        server.Time.Advance(TimeSpan.FromSeconds(random.Next(1, 40)));
                        break;
                    case 3 when server.Has[variant]:
                        server.Variants.ReportFound(variant);
                        lacks.Remove(variant);
                        break;
                    case 3:
                        server.Variants.ReportMissing(variant, Scene.Refusal());
                        if (lacks.TryAdd(variant, (0, server.Connections))) due[variant] = server.Seconds + 5;
                        break;
                    default:
                        int[] expected = [.. Enumerable.Range(0, 3).Where(v => !lacks.TryGetValue(v, out var lack) || lack.Connection != server.Connections || server.Seconds >= due[v])];
                        server.Asked.Clear();
                        // All of it is done when the call returns.
                        var failure = server.AskAsync().Result;
                        if (!expected.SequenceEqual(server.Asked.Order())) return false;
                        foreach (var v in expected)
                        {
                            if (server.Has[v]) lacks.Remove(v);
                            else
                            {
                                var again = lacks.TryGetValue(v, out var before) && before.Connection == server.Connections ? before.Asked + 1 : 0;
                                (lacks[v], due[v]) = ((again, server.Connections), server.Seconds + Math.Min(60, 5 * Math.Pow(2, again)));
                            }
                        }

                        if (failure is null != (lacks.Count < 3)) return false;
                        break;
                }

                if (server.Variants.IsDue != lacks.Any(lack => lack.Value.Connection != server.Connections || server.Seconds >= due[lack.Key])) return false;
                if (server.Variants.Refusal is null != (lacks.Count < 3)) return false;
                if (!Enumerable.Range(0, 3).All(v => server.IsMasked(v) == lacks.ContainsKey(v) && server.Variants.RefusalOf(v) is not null == lacks.ContainsKey(v))) return false;
            }

            return true;
        });
        Check.One(Config.QuickThrowOnFailure.WithReplay(7, 1).WithMaxTest(200), property);
    }

    [Fact]
    public async Task One_that_has_none_is_unusable_until_a_probe_finds_one()
    {
        var server = new Scene(has: [false, false]);
        var news = new List<ServerStatus>();
        await using var health = server.Watch(news.Add);
        await ProbeAsync();
        for (var probe = 0; probe < 20; probe++)
        {
            Assert.True(health.IsUnavailable);
            Assert.IsType<TailRefusedException>(health.LastFailure);
            server.Time.Advance(TimeSpan.FromSeconds(2));
            await ProbeAsync();
        }

        Assert.Equal([false], news.Select(static status => status.IsUsable));
        server.Has[1] = true;
        for (var probe = 0; health.IsUnavailable; probe++)
        {
            Assert.True(probe < 60, "The variant is never found.");
            server.Time.Advance(TimeSpan.FromSeconds(2));
            await ProbeAsync();
        }

        Assert.Equal([false, true], news.Select(static status => status.IsUsable));
        Assert.True(server.IsMasked(0) && !server.IsMasked(1));

        async Task ProbeAsync()
        {
            var pings = server.Pings;
            health.ProbeIfDue();
            await health.Probed.WaitAsync(FailureLimit);
            Assert.True(server.Pings > pings);
        }
    }

    [Fact]
    public async Task A_server_that_is_up_is_probed_for_what_it_lacks_though_nobody_learns_from_round_trips()
    {
        var server = new Scene(has: [true, false]);
        await using var health = server.Watch(static _ => { }, learns: false);
        health.ReportAnswer(variant: 0);
        health.ProbeIfDue();
        Assert.Equal(0, server.Pings);
        Assert.True(health.TryReportMissing(variant: 1, Scene.Refusal()));
        Assert.False(health.IsUnavailable);
        server.Has[1] = true;
        server.Time.Advance(TimeSpan.FromSeconds(4));
        health.ProbeIfDue();
        Assert.Equal(0, server.Pings);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        health.ProbeIfDue();
        await health.Probed.WaitAsync(FailureLimit);
        Assert.False(server.IsMasked(1));
        Assert.Null(health.RefusalOf(1));
    }

    [Fact]
    public async Task A_variant_that_is_open_counts_though_another_takes_too_long_and_other_failures_are_told()
    {
        var server = new Scene(has: [true, true]) { Opens = static (variant, stop) => variant == 0 ? Task.Delay(Timeout.InfiniteTimeSpan, stop) : Task.CompletedTask };
        using (var stop = new CancellationTokenSource())
        {
            var asking = server.Variants.AskAsync(static () => { }, stop.Token);
            await stop.CancelAsync();
            Assert.Null(await asking.WaitAsync(FailureLimit));
        }

        server.Opens = static (variant, _) => Task.FromException(variant == 0 ? Scene.Refusal() : new ServerUnreachableException("It is gone."));
        Assert.IsType<ServerUnreachableException>(await server.AskAsync());
        Assert.True(server.IsMasked(0) && !server.IsMasked(1));
    }

    private sealed class Scene
    {
        private readonly ArmMask _mask = new();

        public Scene(bool[] has)
        {
            Has = has;
            Opens = (variant, _) => Has[variant] ? Task.CompletedTask : Task.FromException(Refusal());
            Variants = new([.. Enumerable.Range(0, has.Length)], Number, _mask, (variant, stop) =>
            {
                Asked.Add(variant);
                return Opens(variant, stop);
            }, () => Connections, Time);
        }

        public FakeTimeProvider Time { get; } = new();

        public ServerVariants Variants { get; }

        public bool[] Has { get; }

        public Func<int, CancellationToken, Task> Opens { get; set; }

        public List<int> Asked { get; } = [];

        public int Connections { get; set; } = 1;

        public int Pings { get; private set; }

        public double Seconds => Time.GetElapsedTime(0).TotalSeconds;

        public static TailRefusedException Refusal() => new(RefusalCode.UnknownModel, "It has no such model.");

        public bool IsMasked(int variant) => _mask.Contains(new(0, variant, 5, 0, 0, Number)) && !_mask.Contains(new(0, variant, 5, 0, 0, Number + 1));

        public Task<Exception?> AskAsync() => Variants.AskAsync(static () => { }, CancellationToken.None);

        public async Task<double[]> SecondsBetweenQuestionsAsync(int count)
        {
            var pauses = new double[count];
            for (var i = 0; i < count; i++)
            {
                var began = Seconds;
                for (var second = 0; second < 100 && !Variants.IsDue; second++) Time.Advance(TimeSpan.FromSeconds(1));
                pauses[i] = Seconds - began;
                await AskAsync();
            }

            return pauses;
        }

        public ServerHealth Watch(Action<ServerStatus> onChange, bool learns = true) =>
            new(new Pinged(this), "server", learns ? static _ => { } : null, onProfile: null, onChange, TimeSpan.FromSeconds(1), Time, Variants);

        private sealed class Pinged(Scene scene) : ITailTransport
        {
            public TransportCapabilities Capabilities => TransportCapabilities.Ping;

            public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
            {
                scene.Pings++;
                return new(TimeSpan.FromMilliseconds(1));
            }

            public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
