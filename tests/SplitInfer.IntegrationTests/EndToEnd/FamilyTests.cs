using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client;
using SplitInfer.Client.Families;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A client that chooses among the variants of a family, with real servers.</summary>
public class FamilyTests
{
    private const double Tolerance = 1e-4;

    [Fact]
    public async Task A_head_of_one_variant_never_meets_a_tail_of_another()
    {
        using var family = new TestFamily([1, 0.9, 0.8]);
        await using var server = await ServeAsync(family, 0, 1, 2);
        ChosenArms? policy = null;
        await using var client = await ConnectAsync(family, server.Endpoints[0], options => options.CustomPolicy = setup => policy = new(setup, setup.Arms));
        using var input = Input();
        var expected = family.Expected(input);

        var seen = new HashSet<(string Variant, int Partition, InferenceSource)>();
        for (var request = 0; request < policy!.Setup.Arms.Length; request++)
        {
            using var result = await client.InferAsync(input);
            Assert.Null(result.ServerFailure);
            var arm = policy.Setup.Arms[request];
            Assert.Equal((family.Names[arm.Arm.Variant], arm.Accuracy), (result.Variant, result.Accuracy!.Value));
            AssertAre(expected[arm.Arm.Variant], result);
            seen.Add((result.Variant!, result.Partition.Index, result.Source));
        }

        // Each at the server, cut and on the device.
        Assert.All(family.Names, name => Assert.Equal(3, seen.Where(one => one.Variant == name).Select(static one => one.Item3).Distinct().Count()));
        Assert.Equal(family.Names, client.Variants.Select(static variant => variant.Name));
    }

    [Fact]
    public async Task All_outputs_are_those_of_the_variant_that_stands_in()
    {
        using var family = new TestFamily([1, 0.9]);
        // Accepts connections and says nothing.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        ChosenArms? policy = null;
        await using var client = await ConnectAsync(family, new($"tcp://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), options => options.CustomPolicy = setup => policy = new(
            setup, setup.Arms.Where(static arm => arm.Arm is { Variant: 1, Cut: > 0, IsOnDevice: false })) { Local = setup.Arms[^1].Arm });
        using var input = Input();
        var expected = family.Expected(input);
        for (var request = 0; request < policy!.Arms.Length; request++)
        {
            using var result = await client.InferAsync(input, new() { Deadline = TimeSpan.FromMinutes(1) });
            Assert.Equal((InferenceSource.Device, true, "variant0", 1), (result.Source, result.IsRaced, result.Variant, result.Accuracy));
            AssertAre(expected[0], result);
        }

        Assert.Contains(policy.Arms, arm => client.Plan.Partitions[arm.Cut].TailOutputs.Length == 1);
        Assert.All(policy.Outcomes.Where(static outcome => outcome.Kind == OutcomeKind.Completed), static outcome => Assert.True(outcome is { DeviceSeconds: > 0, Decision.Local.Variant: 0 }));
    }

    [Fact]
    public async Task The_fastest_variant_stays_loaded_for_deadlines_however_little_memory_there_is()
    {
        using var family = new TestFamily([1, 0.9]);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var loads = 0;
        var isFastest = MarkedAs(family, 1);
        await using var client = await ConnectAsync(family, new($"tcp://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), options =>
        {
            (options.SegmentMemoryBytes, options.Objective) = (0, Objective.LeastTime);
            options.Execution.Engine = new RefusingEngine((model, isSegment) => isSegment && isFastest(model) && Interlocked.Increment(ref loads) < 0) { RefusesToOptimize = model => isFastest(model) && IsWhole(model) };
            options.CustomPolicy = static setup => new ChosenArms(setup, setup.Arms.Where(static arm => arm.Arm is { Variant: 0, Cut: 0, IsOnDevice: false })) { Local = setup.Arms.Single(static arm => arm.Arm is { Variant: 1, IsOnDevice: true }).Arm };
        });
        var before = loads;
        using var input = Input();
        for (var request = 0; request < 3; request++)
        {
            using var result = await client.InferAsync(input, new() { Deadline = TimeSpan.FromMinutes(1) });
            Assert.Equal((InferenceSource.Device, "variant1"), (result.Source, result.Variant));
        }

        Assert.True(before > 0);
        Assert.Equal(before, loads);
    }

    [Fact]
    public async Task A_server_that_lacks_a_variant_runs_the_others()
    {
        using var family = new TestFamily([1, 0.9]);
        await using var server = await ServeAsync(family, 1);
        ChosenArms? policy = null;
        await using var client = await ConnectAsync(family, server.Endpoints[0], options => options.CustomPolicy = setup => policy = new(setup, setup.Arms.Where(static arm => arm.Arm is { Cut: 0, IsOnDevice: false })));
        using var input = Input();
        var expected = family.Expected(input);
        for (var request = 0; request < 3 * policy!.Arms.Length; request++)
        {
            using var result = await client.InferAsync(input);
            var variant = policy.Arms[request % policy.Arms.Length].Variant;
            AssertAre(expected[variant], result);
            Assert.Equal(variant == 1 ? InferenceSource.Server : InferenceSource.Device, result.Source);
            // The first one finds it out, and says so; the others are not sent.
            if (request == 0) Assert.Equal(RefusalCode.UnknownModel, Assert.IsType<TailRefusedException>(result.ServerFailure).Code);
            else Assert.Null(result.ServerFailure);
        }

        Assert.True(Assert.Single(client.Servers).IsUsable);
    }

    /// <summary>Beside other requests, so that none is spent to find out.</summary>
    [Fact]
    public async Task A_variant_that_a_server_gets_later_is_used_from_then_on()
    {
        using var family = new TestFamily([1, 0.9]);
        using var models = new TestFolder();
        File.Copy(family.FileOf(1), models["variant1/1/model.onnx"]);
        await using var server = await SplitInferServer.StartAsync(new()
        {
            ModelsDirectory = models.Path, ModelPollInterval = TimeSpan.FromSeconds(0.1), Listen = { new Uri("tcp://127.0.0.1:0") }, Execution = { IntraOpThreads = 1 },
        });
        var time = new FakeTimeProvider();
        await using var client = await ConnectAsync(family, server.Endpoints[0], options => (options.TimeProvider, options.CustomPolicy) =
            (time, static setup => new ChosenArms(setup, setup.Arms.Where(static arm => arm.Arm is { Variant: 0, Cut: 0, IsOnDevice: false }))));
        using var input = Input();
        using (var first = await client.InferAsync(input)) Assert.Equal(RefusalCode.UnknownModel, Assert.IsType<TailRefusedException>(first.ServerFailure).Code);

        File.Copy(family.FileOf(0), models["variant0/1/model.onnx"]);
        for (var request = 0; ; request++)
        {
            using var result = await client.InferAsync(input);
            Assert.Null(result.ServerFailure);
            if (result.Source == InferenceSource.Server) break;
            Assert.True(request < 10_000, "The variant is never found.");
            await Task.Delay(1);
            time.Advance(TimeSpan.FromSeconds(0.1));
        }
    }

    [Fact]
    public async Task A_server_that_has_none_of_them_cannot_be_used()
    {
        using var family = new TestFamily([1, 0.9]);
        using var others = new TestFamily([1, 0.9], static _ => 24);
        await using var server = await ServeAsync(others, 0, 1);
        await using var client = await ConnectAsync(family, server.Endpoints[0]);
        using var input = Input();
        // By the pings at the latest.
        for (var request = 0; client.Servers[0].Failure is not TailRefusedException; request++)
        {
            using var result = await client.InferAsync(input);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.True(request < 10_000, "The server is never found out.");
        }

        Assert.Contains("model", client.ServerFailure!.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Without_a_deadline_the_most_accurate_variant_answers_and_with_least_time_one_that_is_accurate_enough()
    {
        using var family = new TestFamily([0.9, 0.7]);
        using var input = Input();
        await using (var client = await ConnectAsync(family, server: null))
        {
            using var result = await client.InferAsync(input);
            Assert.Equal(("variant0", 0.9), (result.Variant, result.Accuracy));
        }

        await using (var client = await ConnectAsync(family, server: null, static options => options.Objective = Objective.LeastTime))
        {
            using var result = await client.InferAsync(input, new() { MinAccuracy = 0.8 });
            Assert.Equal("variant0", result.Variant);
            using var impossible = await client.InferAsync(input, new() { MinAccuracy = 0.99 });
            Assert.Equal("variant0", impossible.Variant);
        }

        await using (var client = await ConnectAsync(family, server: null, static options => options.Variants = new HashSet<string> { "variant1" }))
        {
            using var result = await client.InferAsync(input);
            Assert.Equal("variant1", result.Variant);
        }
    }

    [Fact]
    public async Task A_boundary_that_is_lost_is_told_of_the_variant_that_has_run()
    {
        using var family = new TestFamily([1, 0.9]);
        await using var server = await ServeAsync(family, 0, 1);
        ChosenArms? policy = null;
        await using var client = await ConnectAsync(family, server.Endpoints[0], options => options.CustomPolicy = setup => policy = new(
            setup, setup.Arms.Where(static arm => arm.Arm is { Variant: 1, Cut: > 0, IsOnDevice: false })) { Local = setup.Arms[^1].Arm, HedgeAfter = 60 });
        // Finite, but not what the first layer makes of it.
        using var huge = TensorValue.Allocate(ElementType.Float32, new(1, 3, 16, 16));
        huge.Span<float>().Fill(3e38f);
        using var result = await client.InferAsync(huge);
        Assert.Equal((InferenceSource.Device, "variant1"), (result.Source, result.Variant));
        Assert.IsType<Client.Attempts.NonFiniteBoundaryException>(result.ServerFailure);
        var outcome = Assert.Single(policy!.Outcomes);
        Assert.True(outcome is { DeviceSeconds: > 0, Decision.Local.Variant: 1 });
    }

    [Fact]
    public async Task What_was_learned_of_a_family_is_kept_for_it_alone()
    {
        using var family = new TestFamily([1, 0.9]);
        using var folder = new TestFolder();
        using var input = Input();
        foreach (var run in Enumerable.Range(0, 2))
        {
            await using var client = await ConnectAsync(family, server: null, options => (options.StateDirectory, options.Policy) = (folder.Path, PolicyNames.MuLinUcb));
            Assert.Empty(client.Warnings);
            (await client.InferAsync(input)).Dispose();
        }

        Assert.Single(Directory.GetFiles(folder.Path));
        await using (var one = await ConnectAsync(family, server: null, options => (options.StateDirectory, options.Policy, options.Variants) = (folder.Path, PolicyNames.MuLinUcb, new HashSet<string> { "variant0" })))
            (await one.InferAsync(input)).Dispose();
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public async Task A_variant_that_takes_other_inputs_is_left_out_with_a_warning()
    {
        using var family = new TestFamily([1, 0.9, 0.8], static variant => variant == 1 ? 24 : 16);
        await using var client = await ConnectAsync(family, server: null);
        Assert.Equal(["variant0", "variant2"], client.Variants.Select(static variant => variant.Name));
        Assert.Contains("'variant1' is left out: it takes image float32 1×3×24×24", Assert.Single(client.Warnings), StringComparison.Ordinal);
    }

    /// <summary>Whether it is refused when it is planned, or only when it is to run.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public async Task A_variant_that_the_engine_does_not_load_here_is_left_out_with_a_warning(int refused, bool isPlanned)
    {
        using var family = new TestFamily([1, 0.9]);
        await using var client = await ConnectAsync(family, server: null, options => options.Execution.Engine = Refusing(family, isPlanned, refused));
        var other = family.Names[1 - refused];
        Assert.Equal(other, Assert.Single(client.Variants).Name);
        Assert.Contains($"Variant '{family.Names[refused]}' is left out: it cannot be loaded on this device", Assert.Single(client.Warnings), StringComparison.Ordinal);
        Assert.Contains("it does not load this", client.Warnings[0], StringComparison.Ordinal);
        using var input = Input();
        using var result = await client.InferAsync(input);
        Assert.Equal(other, result.Variant);
        AssertAre(family.Expected(input)[1 - refused], result);
    }

    [Fact]
    public async Task A_family_of_which_the_engine_loads_none_is_refused_with_all_reasons()
    {
        using var family = new TestFamily([1, 0.9]);
        var error = await Assert.ThrowsAsync<NoUsableVariantException>(async () => await ConnectAsync(family, server: null, options => options.Execution.Engine = Refusing(family, isPlanned: true, 0, 1)));
        Assert.Equal(family.Names, error.Reasons.Keys.Order());
        Assert.All(family.Names, name => Assert.Contains($"'{name}': ", error.Message, StringComparison.Ordinal));
        Assert.All(error.Reasons.Values, static reason => Assert.Contains("it does not load this", reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_has_changed_is_refused()
    {
        using var family = new TestFamily([1, 0.9]);
        using var other = new TestFamily([1, 0.9], static _ => 24);
        await File.WriteAllBytesAsync(family.FileOf(1), other[1]);
        var error = await Assert.ThrowsAsync<InvalidFamilyException>(async () => await ConnectAsync(family, server: null));
        Assert.Contains("'variant1.onnx' is not the file that it was", error.Message, StringComparison.Ordinal);
        File.Delete(family.FileOf(1));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await ConnectAsync(family, server: null));
    }

    [Fact]
    public async Task Options_that_do_not_go_with_a_family_are_refused()
    {
        using var family = new TestFamily([1, 0.9]);
        await RefusesAsync(static options => options.Variants = new HashSet<string> { "int8" }, "has no variant 'int8'. It has variant0, variant1");
        await RefusesAsync(static options => options.Variants = new HashSet<string>(), "Variants must be");
        await RefusesAsync(static options => options.ModelName = "birds", "ModelName must be left out");
        await RefusesAsync(static options => options.ModelPath = "birds.onnx", "leave out ModelPath");
        await RefusesAsync(static options => (options.IsServerOnly, options.Server) = (true, new("tcp://127.0.0.1:1")), "Family must be null");
        await RefusesAsync(static options => (options.Family, options.Variants) = (null, new HashSet<string> { "int8" }), "Variants must be left out");
        Assert.Throws<ArgumentOutOfRangeException>(static () => new InferenceRequest { MinAccuracy = 1.5 });

        async Task RefusesAsync(Action<SplitInferenceOptions> configure, string words) =>
            Assert.Contains(words, (await Assert.ThrowsAsync<ArgumentException>(async () => await ConnectAsync(family, server: null, options =>
            {
                configure(options);
                if (options.Family is null) options.ModelPath = family.FileOf(0);
            }))).Message, StringComparison.Ordinal);
    }

    private static RefusingEngine Refusing(TestFamily family, bool isPlanned, params int[] variants)
    {
        var isMarked = MarkedAs(family, variants);
        return new((model, isSegment) => (isSegment || !isPlanned) && isMarked(model)) { RefusesToOptimize = model => isMarked(model) && IsWhole(model) };
    }

    // One that is only planned has all its values for outputs.
    private static bool IsWhole(byte[] model) => EngineModel.Parse(model).Graph.Output.Count == 2;

    // Known by the first weights, which are in the bytes wherever the first layer is.
    private static Func<byte[], bool> MarkedAs(TestFamily family, params int[] variants)
    {
        byte[][] marks = [.. variants.Select(variant => EngineModel.Parse(family[variant]).Graph.Initializer[0].RawData.ToByteArray()[..32])];
        return model => Array.Exists(marks, mark => model.AsSpan().IndexOf(mark) >= 0);
    }

    private static TensorValue Input() => RandomTensor.Normal(new Random(1), ElementType.Float32, [1, 3, 16, 16]);

    private static ValueTask<SplitInferenceClient> ConnectAsync(TestFamily family, Uri? server, Action<SplitInferenceOptions>? configure = null)
    {
        var options = new SplitInferenceOptions { Family = family.Path, Server = server };
        options.Execution.IntraOpThreads = 1;
        configure?.Invoke(options);
        return SplitInferenceClient.CreateAsync(options);
    }

    private static ValueTask<SplitInferServer> ServeAsync(TestFamily family, params int[] variants)
    {
        var options = new SplitInferServerOptions { Listen = { new Uri("tcp://127.0.0.1:0") } };
        options.Execution.IntraOpThreads = 1;
        foreach (var variant in variants) options.Models.Add(new(family.Names[variant], "1", Partitioning.PartitionedModel.Load(family.FileOf(variant), execution: options.Execution)));
        return SplitInferServer.StartAsync(options);
    }

    private static void AssertAre(float[][] expected, InferenceResult result)
    {
        Assert.Equal(expected.Length, result.Outputs.Count);
        foreach (var (values, output) in expected.Zip(result.Outputs))
            Assert.All(values.Zip(output.Span<float>().ToArray()), static pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    /// <summary>Takes some arms in turn, and has the device stand in from the beginning where it is told to.</summary>
    private sealed class ChosenArms(PolicySetup setup, IEnumerable<ArmDescription> arms) : IPartitionPolicy
    {
        private int _next = -1;

        public string Name => nameof(ChosenArms);

        public PolicySetup Setup => setup;

        public Arm[] Arms { get; } = [.. arms.Select(static arm => arm.Arm)];

        public Arm? Local { get; init; }

        /// <summary>When that starts, s.</summary>
        public double HedgeAfter { get; init; }

        public System.Collections.Concurrent.ConcurrentQueue<Outcome> Outcomes { get; } = [];

        // No round trips, so that no server is avoided before it has answered.
        public PolicyNeeds Needs => PolicyNeeds.Outcomes;

        public Decision Decide(in DecisionContext context) => new()
        {
            Arm = Arms[Interlocked.Increment(ref _next) % Arms.Length],
            Local = Local,
            HedgeAfterSeconds = Local is null ? null : HedgeAfter,
        };

        public void Observe(in Outcome outcome) => Outcomes.Enqueue(outcome);
    }
}
