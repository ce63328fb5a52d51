using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Experience;
using SplitInfer.Client.Servers;
using SplitInfer.Client.State;
using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Transport;
using SplitInfer.Families;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Policies.Sharing;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>
/// Runs an ONNX model of which a server may run the tail. Make one for each model and keep it; it is safe for concurrent requests.
/// </summary>
public sealed partial class SplitInferenceClient : IAsyncDisposable, IDisposable
{
    private readonly SplitInferenceOptions _options;
    private readonly VariantSet _variants;
    private readonly ArmCatalog _arms;
    private readonly ArmMask _mask;
    private readonly IPartitionPolicy _policy;
    private readonly ServerSet _servers;
    private readonly ArmSelector _selector;
    private readonly AttemptRunner _runner;
    private readonly OutcomeSink _sink;
    private readonly LearnedState _state;
    private readonly BackgroundWork _background;
    private readonly ServerStatusNews _news;
    private readonly RequestRecorder _recorder;
    private readonly ClientGauges? _gauges;
    private readonly ConcurrentQueue<BudgetToken> _tokens = [];
    private readonly Lazy<Task> _disposal;

    internal SplitInferenceClient(
        SplitInferenceOptions options, VariantSet variants, ArmCatalog arms, ArmMask mask, IPartitionPolicy policy, ServerSet servers, ExecutorSet executors, OutcomeSink sink, LearnedState state, BackgroundWork background, ServerStatusNews news, RequestRecorder recorder, ClientGauges? gauges, ClientExperience? experience = null)
    {
        (_options, _variants, _arms, _mask, _policy, _servers, _sink, _state, _background) = (options, variants, arms, mask, policy, servers, sink, state, background);
        _selector = new(arms, mask, policy, servers, options.FallsBack, options.Races, options.EffectiveObjective);
        _runner = new(executors, sink, variants, mask, _selector.Learns);
        _disposal = new(DisposeOnceAsync);
        (_news, news.Sender) = (news, this);
        (_recorder, _gauges, Experience) = (recorder, gauges, experience);
        Lanes = new(servers.All.Length, options.TimeProvider);
    }

    /// <summary>All partitions of the model; of its first variant where there is a family.</summary>
    public PartitionPlan Plan => Model.Plan;

    /// <summary>The variants of the <see cref="SplitInferenceOptions.Family"/> that the client chooses among, the first one being that whose partitions can be named; empty without a family. Of those that are left out <see cref="Warnings"/> tell.</summary>
    public IReadOnlyList<FamilyVariant> Variants => [.. _variants.All.Select(static variant => variant.Member).OfType<FamilyVariant>()];

    /// <summary>The name of the policy that chooses among them.</summary>
    public string Policy => _policy.Name;

    /// <summary>The servers as they are now, in the order of the options. Each call makes a new list.</summary>
    public IReadOnlyList<ServerStatus> Servers => [.. _servers.All.Select(static server => new ServerStatus(server.Name, !server.Health.IsUnavailable, server.Health.LastFailure))];

    /// <summary>A server has become usable or unusable. Raised on a thread of the client, which a handler should not hold for long.</summary>
    public event EventHandler<ServerStatusChangedEventArgs>? ServerStatusChanged
    {
        add => _news.Changed += value;
        remove => _news.Changed -= value;
    }

    /// <summary>Why no server can be used at the moment, as last seen, so that the device does all work; null where one answers or was not asked.</summary>
    public Exception? ServerFailure => _servers.Failure;

    /// <summary>What went wrong at the start that the client can do without, such as saved state that cannot be read; for people. Empty where nothing did.</summary>
    public IReadOnlyList<string> Warnings => _state.Warnings;

    /// <summary>The partitions, of the first variant where there is a family, that proved unusable while the client ran, with the reason. A policy does not choose them again. Empty if there are none.</summary>
    public IReadOnlyDictionary<int, string> MaskedPartitions => _mask.Reasons;

    /// <summary>What the user thinks of the answers, by which variants are chosen under <see cref="Objective.Experience"/>; null under other objectives.</summary>
    public ClientExperience? Experience { get; }

    /// <summary>Awaits replies that lost a race.</summary>
    internal LateReplyCollector Late => _runner.Late;

    private LocalModel Model => _variants.Main;

    /// <summary>
    /// Loads the model, makes its plan and, where the policy learns, measures the device for a while. The server is called beside
    /// that, or when a request needs it, so that it need not be there yet.
    /// </summary>
    /// <exception cref="ArgumentException">An option makes no sense; the message says which and why.</exception>
    /// <exception cref="FileNotFoundException">There is no model file.</exception>
    /// <exception cref="SplitInferException">The model cannot be read or planned, or the family is none.</exception>
    /// <exception cref="Families.NoUsableVariantException">The engine loads none of the family's variants here. One alone that it does not load is left out, and <see cref="Warnings"/> say why.</exception>
    /// <exception cref="DllNotFoundException">No package of the application carries ONNX Runtime's library for this platform.</exception>
    public static ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ClientComposition.CreateAsync(options, cancellationToken);
    }

    /// <summary>Does the same with a model that is planned already, so that several clients, or a client and a server, share one plan.</summary>
    /// <param name="options">How the client works; <see cref="SplitInferenceOptions.ModelPath"/> is not read, and the plan is that of the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">An option makes no sense; the message says which and why.</exception>
    /// <exception cref="SplitInferException">The calibration cannot be used, or the engine refuses the model.</exception>
    public static ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, PartitionedModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(model);
        return ClientComposition.CreateAsync(options, model, cancellationToken);
    }

    /// <summary>Infers once, for a model with one input.</summary>
    /// <inheritdoc cref="InferAsync(ReadOnlyMemory{TensorValue}, InferenceRequest, CancellationToken)"/>
    public ValueTask<InferenceResult> InferAsync(TensorValue input, InferenceRequest? request = null, CancellationToken cancellationToken = default) =>
        InferAsync(new[] { input ?? throw new ArgumentNullException(nameof(input)) }, request, cancellationToken);

    /// <summary>Infers once, with inputs by name.</summary>
    /// <inheritdoc cref="InferAsync(ReadOnlyMemory{TensorValue}, InferenceRequest, CancellationToken)"/>
    public ValueTask<InferenceResult> InferAsync(IReadOnlyDictionary<string, TensorValue> inputs, InferenceRequest? request = null, CancellationToken cancellationToken = default) =>
        InferAsync(Model.Arrange(inputs ?? throw new ArgumentNullException(nameof(inputs))), request, cancellationToken);

    /// <summary>Infers once.</summary>
    /// <param name="inputs">One tensor for each of <see cref="PartitionPlan.Inputs"/>, in that order. They stay the caller's and must not change until the call ends.</param>
    /// <param name="request">What is asked for beside the inputs.</param>
    /// <param name="cancellationToken">Ends the call at the next node of the graph, or withdraws the request from the server.</param>
    /// <returns>The outputs and what they cost; the caller disposes it.</returns>
    /// <exception cref="TensorMismatchException">An input is not one that the model takes.</exception>
    /// <exception cref="InvalidPartitionException">The request names a partition that cannot be taken.</exception>
    /// <exception cref="ServerUnreachableException">The server cannot be reached, and the request named its partition or the options say <see cref="OnServerFailure.Throw"/>. Otherwise the device finishes the request.</exception>
    /// <exception cref="Protocol.TailRefusedException">The server refused the request, likewise.</exception>
    /// <exception cref="RequestTimeoutException">There was no result by the deadline. It is a <see cref="TimeoutException"/>.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public ValueTask<InferenceResult> InferAsync(ReadOnlyMemory<TensorValue> inputs, InferenceRequest? request = null, CancellationToken cancellationToken = default) => BeginAsync(inputs, request, early: null, cancellationToken);

    /// <summary>Infers once, for a model with one input, and gives every answer on the way.</summary>
    /// <inheritdoc cref="InferProgressiveAsync(ReadOnlyMemory{TensorValue}, InferenceRequest, CancellationToken)"/>
    public IAsyncEnumerable<InferenceResult> InferProgressiveAsync(TensorValue input, InferenceRequest? request = null, CancellationToken cancellationToken = default) =>
        InferProgressiveAsync(new[] { input ?? throw new ArgumentNullException(nameof(input)) }, request, cancellationToken);

    /// <summary>
    /// Infers once, and gives every answer on the way, with <see cref="SplitInferenceOptions.Exits"/>: that of each exit that is surer than those before, while a server works on the rest where one is
    /// asked. The last one is the model's own, or by the deadline the best there is. Exits do not end the request, however sure they are; whoever has heard enough leaves the loop, and what still runs is stopped.
    /// Device and server both go on, whatever <see cref="SplitInferenceOptions.MaxExtraWork"/> says. With a family, answers of one request are of the variant that was chosen for it, or the last of one that stood in. Without exits there is one answer.
    /// </summary>
    /// <param name="inputs">As for <see cref="InferAsync(ReadOnlyMemory{TensorValue}, InferenceRequest, CancellationToken)"/>; they must not change until the enumeration ends.</param>
    /// <param name="request">What is asked for beside the inputs. <see cref="InferenceRequest.MinQuality"/> leaves out answers that are less sure.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The answers, each surer than the one before; the caller disposes each. An error ends the enumeration as it would end that call.</returns>
    public async IAsyncEnumerable<InferenceResult> InferProgressiveAsync(ReadOnlyMemory<TensorValue> inputs, InferenceRequest? request = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var answers = new ProgressiveAnswers((attempt, answer, stop) => InferenceResult.CreateAsync(attempt, answer, _variants, _arms, _servers, skipped: null, stop), cancellationToken);
        answers.Begin((early, stop) => BeginAsync(inputs, request, early, stop));
        while (await answers.NextAsync().ConfigureAwait(false) is { } answer) yield return answer;
    }

    /// <summary>
    /// What the client has measured on this device in this run, for others of its kind to start from (<see cref="SplitInferenceOptions.Prior"/>): times of heads, tails and links, and how often exits answer; no
    /// input, and nothing that it was told by others. Empty for a policy that does not learn. May be called at any time; costs some of a decision's time.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public KindPrior Share()
    {
        ObjectDisposedException.ThrowIf(_disposal.IsValueCreated, this);
        return _policy.Share();
    }

    /// <summary>Saves what was learned, closes the connection and unloads the model. Requests that still run must have ended. May be called twice.</summary>
    public async ValueTask DisposeAsync() => await _disposal.Value.ConfigureAwait(false);

    /// <summary>Does what <see cref="DisposeAsync"/> does and blocks until it is done, for containers that dispose synchronously.</summary>
    public void Dispose() => _disposal.Value.GetAwaiter().GetResult();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<InferenceResult> BeginAsync(ReadOnlyMemory<TensorValue> inputs, InferenceRequest? request, Func<Attempt, AttemptResult, CancellationToken, ValueTask>? early, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposal.IsValueCreated, this);
        var budget = RequestBudget.Start(_options.TimeProvider, request?.Deadline ?? _options.Deadline);
        using var recorded = _recorder.Begin();
        BudgetToken? token = null;
        try
        {
            Model.Check(inputs.Span);
            if (budget is { IsLimited: true, Remaining.Ticks: 0 }) throw budget.Exceeded("checking the inputs");
            if (budget.IsLimited) token = BudgetToken.Rent(_tokens, budget, _options.TimeProvider, cancellationToken);
            return await InferAsync(new Call(inputs, request, budget, recorded, early, token?.Token ?? cancellationToken, cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException canceled) when (token is not null && cancellationToken.IsCancellationRequested)
        {
            recorded.Fail(canceled);
            throw new OperationCanceledException(canceled.Message, canceled, cancellationToken);
        }
        catch (OperationCanceledException) when (token is { IsBudgetSpent: true })
        {
            var late = budget.Exceeded("preparing the result");
            recorded.Fail(late);
            throw late;
        }
        catch (Exception error) when (recorded.Fail(error))
        {
            throw;
        }
        finally
        {
            token?.Return();
        }
    }

    private ValueTask<InferenceResult> InferAsync(in Call call) =>
        Experience is { } experience && call.Request?.Partition is null ? InferForSessionAsync(experience, call) : InferAsync(call, variant: null);

    /// <summary>Infers with the variant that was chosen for the session, and notes how that went.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<InferenceResult> InferForSessionAsync(ClientExperience experience, Call call)
    {
        var (session, variant) = experience.Begin(call.Inputs.Span, call.Request?.MinAccuracy ?? 0);
        var began = _options.TimeProvider.GetTimestamp();
        try
        {
            var result = await InferAsync(call, variant).ConfigureAwait(false);
            result.IsOf(experience, session);
            experience.End(session, variant, result.VariantNumber, _options.TimeProvider.GetElapsedTime(began).TotalSeconds);
            return result;
        }
        catch (Exception error) when (error is not RequestTimeoutException && call.Caller.IsCancellationRequested)
        {
            experience.Abandon(session);
            throw;
        }
        catch (Exception error) when (error is RequestTimeoutException || call.Stop.IsCancellationRequested)
        {
            experience.End(session, variant, answered: null, _options.TimeProvider.GetElapsedTime(began).TotalSeconds);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<InferenceResult> InferAsync(Call call, int? variant)
    {
        var (decision, skipped) = call.Request?.Partition is { } named ? (_selector.Named(named), null) : _selector.Choose(call.Request?.Quality ?? default, call.Request?.MinAccuracy ?? 0, call.Request?.MinQuality, variant, call.Budget);
        if (decision.Arm is { IsOnDevice: true, Exit: 0 } && GoesByExits(call, decision) && _arms.FirstExitOf(decision.Arm.Variant) is { } byExits) decision = decision with { Arm = byExits };
        try
        {
            return await AttemptAsync(call, decision, skipped).ConfigureAwait(false);
        }
        catch (SegmentLoadException error) when (!decision.IsNamed && _selector.Learns && decision.Arm is not { IsOnDevice: true, Exit: 0 })
        {
            // Not where it is another variant that does not load, which was to stand in.
            if (error.Partition == decision.Arm.Cut) _mask.Add(decision.Arm.Variant, decision.Arm.Cut, error.Message);
            return await AttemptAsync(call with { Early = null }, _selector.OnDevice(decision), skipped).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a request goes by way of exits though all of the model would have run in one piece: it asks for the answers on the way, or there is no time for the whole model, so that what an exit says is
    /// all that there can be by the deadline.
    /// </summary>
    private bool GoesByExits(in Call call, in Decision decision) => call.Early is not null
        || (!decision.IsNamed && call.Request?.MinQuality is not 1 && StandInRule.Margin * _variants[decision.Arm.Variant].Model.WholeSeconds > call.Budget.RemainingSeconds);

    /// <param name="call">The request.</param>
    /// <param name="decision">What was chosen.</param>
    /// <param name="skipped">Why the server was not even tried; null where it is, or was not chosen.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<InferenceResult> AttemptAsync(Call call, Decision decision, Exception? skipped)
    {
        if (!decision.Arm.IsOnDevice && _servers.All.IsEmpty) throw NoServer();
        var (request, budget, model) = (call.Request, call.Budget, _variants[decision.Arm.Variant].Model);
        using var attempt = new Attempt(model[_arms.PartitionOf(decision.Arm).Index], _arms.CodecOf(decision.Arm), decision, call.Inputs, budget, _sink, _options.TimeProvider)
        {
            MayReplaceCodec = _options.Codec is null && !decision.IsNamed,
            RefusesNonFinite = _options is { NonFiniteOutputs: NonFiniteOutputs.FinishOnDevice, FallsBack: true } && !decision.IsNamed && !_runner.YieldsNonFinite,
            Weight = (request?.Quality ?? default).EffectiveWeight,
            MinQuality = request?.MinQuality,
            User = request?.User ?? "",
            Caller = call.Caller,
            Lane = call.Lane,
            PrefersServer = budget.IsLimited && _selector.Objective == Objective.MostAccurateBy && !decision.IsNamed,
            Exits = ExitRule.For(model.Exits, _arms.ExitOf(decision.Arm), request?.MinQuality, keepsUnsure: call.Early is not null || (budget.IsLimited && _options.FallsBack && !decision.IsNamed)),
            Early = call.Early,
            GoesByExits = GoesByExits(call, decision),
        };
        try
        {
            await _runner.RunAsync(attempt, request?.SendsWhatIsNotFinite == true, call.Stop).ConfigureAwait(false);
        }
        finally
        {
            call.Ended?.Invoke(attempt);
        }

        var result = await InferenceResult.CreateAsync(attempt, attempt.Result, _variants, _arms, _servers, skipped, call.Stop).ConfigureAwait(false);
        if (result.DeviceOutputs.Count > 0 && budget.IsOver)
        {
            result.Dispose();
            throw budget.Exceeded("preparing the result");
        }

        if (call.Recorded.IsRecorded) call.Recorded.Complete(result.Report(attempt));
        return result;
    }

    private async Task DisposeOnceAsync()
    {
        _gauges?.Dispose();
        await _background.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _servers.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (Experience is { } experience) await experience.CloseAsync().ConfigureAwait(false);
            _state.Save();
            _variants.Dispose();
        }
    }

    private ServerUnreachableException NoServer() =>
        new($"The partition needs a server and none was named. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Server)} or {nameof(SplitInferenceOptions.Servers)}, or take partition {Plan.AllOnDevice.Index}, which runs everything on the device.");

    /// <summary>One request.</summary>
    /// <param name="Inputs">The model's inputs.</param>
    /// <param name="Request">What is asked for beside them.</param>
    /// <param name="Budget">The time that it has.</param>
    /// <param name="Recorded">Tells listeners.</param>
    /// <param name="Early">Takes the answers on the way; null where none are asked for.</param>
    /// <param name="Stop">Signalled when the caller cancels or the budget is spent.</param>
    /// <param name="Caller">Signalled when the caller cancels.</param>
    private readonly record struct Call(
        ReadOnlyMemory<TensorValue> Inputs, InferenceRequest? Request, RequestBudget Budget, RecordedRequest Recorded, Func<Attempt, AttemptResult, CancellationToken, ValueTask>? Early, CancellationToken Stop, CancellationToken Caller)
    {
        /// <summary>The place among the frames of a stream; null for any other request.</summary>
        public FrameLane? Lane { get; init; }

        /// <summary>Called when the attempt of a frame has ended; null for any other request.</summary>
        public Action<Attempt>? Ended { get; init; }
    }
}
