using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace QuickStart;

/// <summary>What device alone, server alone and the policy cost on a slow device, over a link that is fast at first and slow later.</summary>
internal sealed class Comparison : IAsyncDisposable
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(10);

    private const int Rounds = 3;
    private const int Turn = 2;
    private const int LinkSlowdown = 16;

    private readonly EmulatedDevice _device = new(slowdown: 1);
    private readonly EmulatedLink _link = new(LinkConditions.Unlimited);
    private readonly List<Contender> _contenders = [];

    /// <summary>Runs the comparison.</summary>
    /// <param name="file">The model.</param>
    /// <param name="server">Where the server listens.</param>
    /// <param name="input">The model's input.</param>
    /// <param name="expected">What the whole model makes of it.</param>
    /// <param name="deviceAlone">What the whole model is made to take on the device.</param>
    /// <returns>Whether all results are those of the whole model.</returns>
    public async Task<bool> RunAsync(string file, Uri server, TensorValue input, IReadOnlyList<TensorValue> expected, TimeSpan deviceAlone)
    {
        var model = PartitionedModel.Load(file);
        _contenders.Add(new("device alone", await ConnectAsync(model, server, PolicyNames.AllOnDevice)));
        _contenders.Add(new("server alone", await ConnectAsync(model, server, PolicyNames.AllOnServer)));
        var (onDevice, onServer) = (_contenders[0], _contenders[1]);

        // How fast is this machine, and how much does server alone send? The slow device goes by the fastest run of each head, so all of them run.
        for (var i = 0; i < 15; i++)
        {
            foreach (var arm in model.Plan.Arms) (await onDevice.Client.InferAsync(input, new() { Partition = arm.Index })).Dispose();
            await onDevice.RunAsync(input, expected);
        }

        for (var i = 0; i < 5; i++) await onServer.RunAsync(input, expected);
        for (var i = 0; i < 3; i++)
        {
            // What a slowed run takes depends on the fastest run so far, which may still become faster.
            _device.Slowdown = Math.Max(1, Math.Round(_device.Slowdown * (deviceAlone / onDevice.Fastest)));
            onDevice.Forget();
            for (var frame = 0; frame < 3; frame++) await onDevice.RunAsync(input, expected);
        }

        var fast = Math.Round(onServer.BytesSent * 8 / (deviceAlone / 8).TotalSeconds / 1e6, 1);
        (string Name, double Mbps)[] phases = [("fast", fast), ("slow", Math.Max(0.1, Math.Round(fast / LinkSlowdown, 1)))];
        Console.WriteLine($"\nNow on a device {_device.Slowdown} times slower than this machine, over a link with a round trip of {RoundTrip.TotalMilliseconds} ms.");

        _link.Conditions = new(fast, RoundTrip);
        var adapting = new Contender("the policy", await ConnectAsync(model, server, PolicyNames.MuLinUcb));
        _contenders.Add(adapting);
        Console.WriteLine($"{"mean ms",-24}{string.Concat(_contenders.Select(static c => $"{c.Name,14}"))}  the policy's usual choice");
        foreach (var (name, mbps) in phases)
        {
            _link.Conditions = new(mbps, RoundTrip);
            var frames = await adapting.Client.SettleAsync(new[] { input });
            foreach (var contender in _contenders) contender.BeginPhase();
            // They take turns, so that what else the machine does meets all of them.
            for (var round = 0; round < Rounds; round++)
                foreach (var contender in _contenders)
                    for (var i = 0; i < Turn; i++) await contender.RunAsync(input, expected);
            Console.WriteLine($"{$"{name} link, {mbps} Mbit/s",-24}{string.Concat(_contenders.Select(static c => $"{c.PhaseMeanMs,14:F0}"))}  {adapting.Choice}, settled after {frames} frames");
        }

        Console.WriteLine($"{"both",-24}{string.Concat(_contenders.Select(static c => $"{c.MeanMs,14:F0}"))}");
        var difference = _contenders.Max(static contender => contender.Difference);
        Console.WriteLine($"On average over both links a frame takes {adapting.MeanMs:F0} ms with the policy, {onDevice.MeanMs:F0} on the device alone and {onServer.MeanMs:F0} on the server alone; all results agree within {difference:E0}.");
        return difference < 1e-4;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var contender in _contenders) await contender.DisposeAsync();
    }

    private ValueTask<SplitInferenceClient> ConnectAsync(PartitionedModel model, Uri server, string policy)
    {
        var options = new SplitInferenceOptions { Server = server, Policy = policy, PreloadArms = true };
        options.EmulateDevice(_device);
        options.EmulateLink(_link);
        return SplitInferenceClient.CreateAsync(options, model);
    }
}
