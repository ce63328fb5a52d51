using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Experience;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>The outputs of one request and what they cost. Whoever holds it disposes it, and with it the outputs.</summary>
public sealed class InferenceResult : IDisposable
{
    private readonly TensorValue[] _outputs;
    private readonly LocalModel _model;

    private ClientExperience? _experience;
    private long _session;

    internal InferenceResult(LocalModel model, TensorValue[] outputs) => (_model, _outputs) = (model, outputs);

    /// <summary>The model's outputs in the order of <see cref="PartitionPlan.Outputs"/>.</summary>
    public IReadOnlyList<TensorValue> Outputs => _outputs;

    /// <summary>The outputs that cannot cross a cut, such as maps and text, by name; the device has made them of <see cref="Outputs"/>. Empty for most models.</summary>
    public IReadOnlyDictionary<string, ModelValue> DeviceOutputs { get; internal init; } = FrozenDictionary<string, ModelValue>.Empty;

    /// <summary>The output of that name.</summary>
    /// <exception cref="TensorMismatchException">The model has no such output.</exception>
    public TensorValue this[string name] => _outputs[_model.OutputIndex(name)];

    /// <summary>
    /// What was chosen, as numbers. <see cref="Decision.Arm"/> is what was tried: the variant that was cut, where, and the server that was asked last. With a
    /// <see cref="SplitInferenceOptions.Family"/>, <see cref="Decision.Local"/> is the variant that the device was to run, or has run, beside the server or in its place: the one that the
    /// policy planned, or the one that stood in for that; null where it is that of the arm. Which of the two has answered, <see cref="Variant"/> says.
    /// </summary>
    public required Decision Decision { get; init; }

    /// <summary>Where the model was cut; with a family, the variant of <see cref="Decision"/>, which need not be the one that has answered.</summary>
    public required Partition Partition { get; init; }

    /// <summary>The variant that has answered: that of <see cref="Decision.Arm"/>, or of <see cref="Decision.Local"/> where another one stood in on the device. Null where there is no <see cref="SplitInferenceOptions.Family"/>.</summary>
    public required string? Variant { get; init; }

    /// <summary>
    /// The expected accuracy of that variant with the codec, 0 to 1, as the family was judged: the share of right classes where all variants were judged with labels,
    /// else the share of results that agree with the original model; times how sure the exit is, where one answered. Null where there is no family.
    /// </summary>
    public required double? Accuracy { get; init; }

    /// <summary>The exit that answered in place of the model, from 1 on: of the device, or of the server where <see cref="Source"/> is not the device. 0 where the answer is the model's own.</summary>
    public int Exit { get; internal init; }

    /// <summary>How sure that exit is of its answer, 0 to 1: the chance that the model would answer the same. 0 where the answer is the model's own.</summary>
    public double Confidence { get; internal init; }

    /// <summary>Name of the codec in which the boundary travelled; of no consequence where everything ran on the device.</summary>
    public required string Codec { get; init; }

    /// <summary>Name of the server that was asked, whether it answered first or not: <see cref="ServerOptions.Name"/>, or its address. Null where none was.</summary>
    public required string? Server { get; init; }

    /// <summary>Where the result was computed.</summary>
    public required InferenceSource Source { get; init; }

    /// <summary>Whether device and server both ran the tail, from the start or because the reply was late, so that <see cref="Source"/> tells who was first.</summary>
    public required bool IsRaced { get; init; }

    /// <summary>Why the device finished what was meant for the server; null where the server answered or was not needed.</summary>
    public required Exception? ServerFailure { get; init; }

    /// <summary>How busy the server was when it replied; null where the result is not the server's.</summary>
    public required ServerLoad? ServerLoad { get; init; }

    /// <summary>Whether an output holds infinite numbers or what is not a number, wherever it was computed. Looks at all outputs each time.</summary>
    public bool HasNonFiniteOutputs => !_outputs.All(FiniteNumbers.AreIn);

    /// <summary>Where the time went.</summary>
    public required InferenceTimings Timings { get; init; }

    /// <summary>Payload bytes that were sent up to the result, those of a race that the device won included, those of <see cref="Decision.Shadow"/> not; 0 where the server was not asked.</summary>
    public required long BytesSent { get; init; }

    /// <summary>The user rates the answers of the session that the result belongs to, under <see cref="Objective.Experience"/>. The result may be disposed already.</summary>
    /// <param name="rating">From 0, useless, to 1, as good as can be.</param>
    /// <returns>Whether it was taken: the session is not rated yet nor long over, and the client's objective is <see cref="Objective.Experience"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rating is not a number.</exception>
    public bool Rate(double rating) => _experience?.Rate(_session, rating) is true;

    /// <summary>Where the request ran and what it cost, such as <c>Split at 19 by edge: 41.2 ms (head 12.0, encode 0.4, offload 28.8), 51,200 B sent with Quantized8</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Source} at {Partition.Index}");
        if (Exit > 0) text.Append(CultureInfo.InvariantCulture, $", exit {Exit} ({100 * Confidence:F1} % sure)");
        if (Variant is not null) text.Append(CultureInfo.InvariantCulture, $" with {Variant}");
        if (Source != InferenceSource.Device) text.Append(CultureInfo.InvariantCulture, $" by {Server}");
        text.Append(CultureInfo.InvariantCulture, $": {Timings.Total.TotalMilliseconds:F1} ms");
        (string Stage, TimeSpan Time)[] stages = [("head", Timings.Head), ("encode", Timings.Encode), ("offload", Timings.Offload), ("tail", Timings.Tail)];
        var parts = stages.Where(static stage => stage.Time > TimeSpan.Zero).Select(static stage => string.Create(CultureInfo.InvariantCulture, $"{stage.Stage} {stage.Time.TotalMilliseconds:F1}"));
        text.Append(CultureInfo.InvariantCulture, $" ({string.Join(", ", parts)})");
        if (BytesSent > 0) text.Append(CultureInfo.InvariantCulture, $", {BytesSent:N0} B sent with {Codec}");
        if (IsRaced) text.Append(", raced");
        if (ServerFailure is not null) text.Append(CultureInfo.InvariantCulture, $"; the server failed: {ServerFailure.Message}");
        return text.ToString();
    }

    /// <summary>The place of the variant that has answered.</summary>
    internal int VariantNumber { get; private init; }

    /// <summary>Says which session the result belongs to.</summary>
    internal void IsOf(ClientExperience experience, long session) => (_experience, _session) = (experience, session);

    /// <summary>What listeners are told of the request.</summary>
    /// <param name="attempt">The attempt that led to the result.</param>
    internal RequestReport Report(Attempt attempt)
    {
        var (offload, raw) = (Timings.Offload, 0L);
        if (BytesSent > 0) foreach (var tensor in attempt.Boundary) raw += tensor.Bytes.Length;
        var send = TimeSpan.FromSeconds(Math.Min(attempt.Progress.SendSeconds, offload.TotalSeconds));
        return new()
        {
            Source = Source switch { InferenceSource.Device => "device", InferenceSource.Server => "server", _ => "split" },
            Partition = Partition.Index,
            Variant = Decision.Arm.Variant,
            Exit = Exit > 0 || attempt.Exits.Exits is not null ? Exit : null,
            Codec = Server is null ? null : Codec,
            Server = Server,
            ServerNumber = Decision.Arm.Server,
            IsRaced = IsRaced,
            IsForced = Decision.IsForced,
            PredictedSeconds = Decision.PredictedSeconds,
            BytesSent = BytesSent,
            BytesRaw = raw,
            Attempt = Timings.Total,
            Head = Timings.Head,
            Encode = Timings.Encode,
            Offload = offload,
            Send = send,
            AtServer = TimeSpan.FromSeconds(Math.Min(Timings.Server.TotalSeconds, (offload - send).TotalSeconds)),
            Tail = Timings.Tail,
            ServerFailure = ServerFailure,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var output in _outputs) output.Dispose();
        foreach (var value in DeviceOutputs.Values) value.Dispose();
    }

    /// <summary>What an attempt comes to that has run its tail, or an answer on the way.</summary>
    /// <param name="attempt">The attempt; it keeps what it owns, since outputs are shared.</param>
    /// <param name="result">Its result, or the answer.</param>
    /// <param name="variants">The models on the device.</param>
    /// <param name="arms">The arms.</param>
    /// <param name="servers">The servers, by the number in the decision.</param>
    /// <param name="skipped">Why the server was not even tried; null where it was, or was not chosen.</param>
    /// <param name="stop">Ends the making of what only the device can make.</param>
    internal static async ValueTask<InferenceResult> CreateAsync(Attempt attempt, AttemptResult result, VariantSet variants, ArmCatalog arms, ServerSet servers, Exception? skipped, CancellationToken stop)
    {
        var (answering, outputs) = (variants[result.Outputs.Variant ?? attempt.Decision.Arm.Variant], attempt.TakeOutputs(result));
        IReadOnlyDictionary<string, ModelValue> deviceOutputs;
        try
        {
            var began = attempt.Total;
            deviceOutputs = await answering.Model.MakeDeviceOutputsAsync(attempt.Inputs, outputs, stop).ConfigureAwait(false);
            if (deviceOutputs.Count > 0) answering.Model.RecordFinish((attempt.Total - began).TotalSeconds);
        }
        catch
        {
            foreach (var output in outputs) output.Dispose();
            throw;
        }

        var partition = attempt.Cut.Partition;
        return new InferenceResult(answering.Model, outputs)
        {
            DeviceOutputs = deviceOutputs,
            Decision = attempt.Decision,
            Partition = partition,
            Variant = answering.Member is null ? null : answering.Name,
            VariantNumber = result.Outputs.Variant ?? attempt.Decision.Arm.Variant,
            Accuracy = answering.Member is null ? null : result.IsFromServer ? arms.AccuracyOf(attempt.Decision.Arm) * (result.Exit > 0 ? result.Confidence : 1) : answering.Accuracy * QualityOf(result, answering.Model),
            Exit = result.Exit,
            Confidence = result.Confidence,
            Codec = attempt.Codec.Name,
            Server = result.Server == ServerOutcome.NotAsked ? null : servers.All[attempt.Decision.Arm.Server].Name,
            Source = !result.IsFromServer ? InferenceSource.Device : partition.Head.Nodes == 0 ? InferenceSource.Server : InferenceSource.Split,
            IsRaced = result.IsRaced,
            ServerFailure = result.ServerFailure ?? skipped,
            BytesSent = attempt.Progress.BytesSent,
            ServerLoad = result.IsFromServer ? result.ServerLoad : null,
            Timings = new()
            {
                Head = attempt.HeadTime,
                Encode = TimeSpan.FromSeconds(attempt.EncodeSeconds),
                Offload = result.IsFromServer ? TimeSpan.FromSeconds(result.OffloadSeconds) : TimeSpan.Zero,
                Tail = result.IsFromServer ? TimeSpan.Zero : result.Outputs.Time,
                Server = result.ServerTimings,
                Total = attempt.Total,
            },
        };
    }

    // What a sure exit gives is as good as its file promises; what another one gives by the deadline, as sure as it is.
    private static double QualityOf(in AttemptResult result, LocalModel model) =>
        result.Exit == 0 ? 1 : result.IsProvisional ? result.Confidence : Math.Max(result.Confidence, model.Exits?.PromisedQuality ?? 0);
}
