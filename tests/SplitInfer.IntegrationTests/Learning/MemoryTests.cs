using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>What a client leaves to the next one.</summary>
public sealed class MemoryTests : IAsyncDisposable
{
    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();

    private readonly TestFolder _folder = new();
    private Deployment? _deployment;

    public async ValueTask DisposeAsync()
    {
        if (_deployment is not null) await _deployment.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Delays_of_heads_are_measured_once()
    {
        PolicySetup? first = null, second = null;
        await using (var client = await ConnectAsync(setup => first = setup)) Assert.Empty(client.Warnings);
        Assert.All(first!.Arms, arm => Assert.True(first.Heads.IsMeasured(arm.Arm.Cut)));
        await using (var client = await ConnectAsync(setup => second = setup)) Assert.Empty(client.Warnings);
        foreach (var arm in first.Arms) Assert.Equal(first.Heads.SecondsOf(arm.Arm.Cut), second!.Heads.SecondsOf(arm.Arm.Cut));
    }

    [Fact]
    public async Task A_budget_of_nothing_measures_the_whole_model_and_requests_do_the_rest()
    {
        PolicySetup? setup = null;
        await using var client = await ConnectAsync(s => setup = s, o => o.ProfilingBudget = TimeSpan.Zero);
        var heads = setup!.Heads;
        Assert.Equal([client.Plan.AllOnDevice.Index], setup.Arms.Select(a => a.Arm.Cut).Where(cut => heads.IsMeasured(cut)));
        Assert.True(heads.SecondsOf(client.Plan.Arms[1].Index) < heads.SecondsOf(client.Plan.AllOnDevice.Index));
    }

    [Fact]
    public async Task What_a_policy_learned_is_there_in_the_next_run()
    {
        using var input = RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 3, 32, 32);
        for (var run = 0; run < 2; run++)
        {
            await using var client = await ConnectAsync(null);
            for (var frame = 0; frame < 20; frame++) (await client.InferAsync(input)).Dispose();
            Assert.Empty(client.Warnings);
        }

        Assert.Contains(Directory.GetFiles(Path.GetDirectoryName(_folder["state/x/y"])!), static f => f.EndsWith(".state", StringComparison.Ordinal));
    }

    [Fact]
    public async Task State_of_an_earlier_release_costs_a_warning()
    {
        await (await ConnectAsync(null)).DisposeAsync();
        var file = Assert.Single(Directory.GetFiles(Path.GetDirectoryName(_folder["state/x/y"])!));
        File.Move(file, Path.ChangeExtension(file, ".heads"));
        await using var client = await ConnectAsync(null);
        Assert.Contains("earlier release", Assert.Single(client.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_costs_a_warning_and_a_cold_start()
    {
        await (await ConnectAsync(null)).DisposeAsync();
        var file = Assert.Single(Directory.GetFiles(Path.GetDirectoryName(_folder["state/x/y"])!));
        var bytes = await File.ReadAllBytesAsync(file);
        foreach (var damaged in (byte[][])[[], bytes[..^1], [.. bytes[..^9], (byte)(bytes[^9] ^ 1), .. bytes[^8..]], new byte[bytes.Length]])
        {
            await File.WriteAllBytesAsync(file, damaged);
            await using var client = await ConnectAsync(null);
            Assert.NotEmpty(Assert.Single(client.Warnings));
        }

        await using var repaired = await ConnectAsync(null);
        Assert.Empty(repaired.Warnings);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_costs_a_warning()
    {
        await File.WriteAllTextAsync(_folder["occupied"], "This is a file.");
        await using var client = await ConnectAsync(null, o => o.StateDirectory = _folder["occupied"]);
        Assert.NotEmpty(client.Warnings);
    }

    private async Task<SplitInferenceClient> ConnectAsync(Action<PolicySetup>? watch, Action<SplitInferenceOptions>? configure = null)
    {
        _deployment ??= await Deployment.StartAsync(Model, o => o.PreloadArms = true);
        return await _deployment.ConnectAsync(o =>
        {
            o.StateDirectory = Path.GetDirectoryName(_folder["state/x/y"]);
            (o.ProfilingBudget, o.Codec) = (TimeSpan.FromMinutes(1), "Raw");
            if (watch is not null)
                o.CustomPolicy = setup =>
                {
                    watch(setup);
                    return new ScriptedPolicy(setup) { Arm = setup.Arms.Length - 1, IsRaced = false };
                };
            configure?.Invoke(o);
        });
    }
}
