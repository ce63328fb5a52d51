using System.Collections.ObjectModel;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Policies;
using SplitInfer.Policies.Experience;
using SplitInfer.Policies.Sharing;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Families;
using SplitInfer.Partitioning;

namespace SplitInfer.Client;

/// <summary>How a <see cref="SplitInferenceClient"/> works. Only <see cref="ModelPath"/> has to be set, or <see cref="Family"/>, or <see cref="IsServerOnly"/>.</summary>
public sealed class SplitInferenceOptions
{
    /// <summary>The ONNX file on the device.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>
    /// The <c>family.json</c> that <c>splitinfer tailor</c> left beside the models that it made, or their folder, in place of <see cref="ModelPath"/>: the client then chooses among
    /// these variants as well. Servers are asked for each by the fingerprint of its file, and those that lack one run others. Null (the default) for one model.
    /// </summary>
    public string? Family { get; set; }

    /// <summary>
    /// Names of the variants of the family that may be used. Null (the default) for those that no other beats in bytes, time and agreement, as far as
    /// they are for this processor.
    /// </summary>
    public IReadOnlySet<string>? Variants { get; set; }

    /// <summary>What is optimised. Null (the default) is <see cref="Policies.Objective.MostAccurateBy"/> with a <see cref="Family"/> and a policy that knows deadlines, else <see cref="Policies.Objective.LeastTime"/>.</summary>
    public Objective? Objective { get; set; }

    /// <summary>
    /// With <see cref="Policies.Objective.MostAccurateBy"/>: when the device runs a variant beside a server, so that there is an answer by the deadline. Only when the
    /// server is late unless set; never without <see cref="Races"/>.
    /// </summary>
    public Hedge Hedge { get; set; }

    /// <summary>With <see cref="Policies.Objective.Experience"/>: how ratings are learned from. The defaults unless set.</summary>
    public ExperienceOptions Experience { get; set; } = new();

    /// <summary>
    /// Whether the device has no copy of the model: <see cref="ModelPath"/> stays empty, the servers say what the model under <see cref="ModelName"/> takes
    /// and yields, and run all of it. Nothing but another server can then take the place of one that fails, so a request may end with a
    /// <see cref="ServerUnreachableException"/>, a <see cref="Protocol.TailRefusedException"/> or a <see cref="RequestTimeoutException"/>. False unless set.
    /// </summary>
    public bool IsServerOnly { get; set; }

    /// <summary>The server that runs tails, such as <c>tls://server:7070</c>, <c>tcp://server:7070</c>, <c>wss://server/infer</c> or <c>unix:///run/splitinfer.sock</c>: a short form of <see cref="Servers"/> with one. Null unless set.</summary>
    public Uri? Server { get; set; }

    /// <summary>
    /// The servers that may run tails, at most 64; none (the default) runs everything on the device. A policy that learns chooses among them with
    /// the partition; one that does not takes the first that can be used, in this order.
    /// </summary>
    public IList<ServerOptions> Servers { get; set; } = [];

    /// <summary>What happens to a request that the server fails, unless the request names its partition. The device finishes it unless set.</summary>
    public OnServerFailure OnServerFailure { get; set; }

    /// <summary>
    /// What happens where a server's outputs hold infinite numbers, or what is not a number, though what it was sent does not. The device finishes the
    /// request unless set; not where the request names its partition, or with <see cref="OnServerFailure.Throw"/>.
    /// </summary>
    public NonFiniteOutputs NonFiniteOutputs { get; set; }

    /// <summary>The name of the model on the server; empty (the default) finds it by the fingerprint of the file.</summary>
    public string ModelName { get; set; } = "";

    /// <summary>The version of the model on the server; empty (the default) takes the one whose fingerprint is that of the file.</summary>
    public string ModelVersion { get; set; } = "";

    /// <summary>
    /// Name of the policy that chooses the partition, one of <see cref="PolicyNames"/>; null (the default) is <c>Fixed</c> where
    /// <see cref="Partition"/> is set, else <c>MuLinUcb</c> with a server or a <see cref="Family"/>, and <c>AllOnDevice</c> without.
    /// </summary>
    public string? Policy { get; set; }

    /// <summary>Options of the policy, by name; docs/policies.md lists them. None unless set.</summary>
    public IReadOnlyDictionary<string, string> PolicyOptions { get; set; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// Makes a policy of your own, in place of <see cref="Policy"/>. Its decisions take arms of the setup that it is given; a request for which it decides for
    /// another arm, or throws, ends with an <see cref="InvalidOperationException"/> or what was thrown. Null unless set.
    /// </summary>
    public Func<PolicySetup, IPartitionPolicy>? CustomPolicy { get; set; }

    /// <summary>
    /// Whether the device may run a tail itself while it waits for the server's, to explore or because the reply is late: the first answer wins; and
    /// whether a boundary may be sent to a second server as well, to learn of it. True unless set; false saves battery.
    /// </summary>
    public bool Races { get; set; } = true;

    /// <summary>The partition that policy <c>Fixed</c> takes; with a <see cref="Family"/>, of its first variant.</summary>
    public int? Partition { get; set; }

    /// <summary>
    /// How long measuring the device and loading segments may take before the client is ready, where the policy learns; the rest
    /// comes as requests run. The whole model is loaded and measured whatever it takes, and with <see cref="PreloadArms"/> all is loaded
    /// first, so that this is for measuring only. 2 seconds unless set.
    /// </summary>
    public TimeSpan ProfilingBudget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The least time between two round trips that are measured beside requests, where the policy learns; an idle client measures
    /// none. <see cref="Timeout.InfiniteTimeSpan"/> measures only when it connects. 1 second unless set.
    /// </summary>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Folder in which delays of the device and what the policy learned are kept from one run to the next; null (the default) keeps nothing.</summary>
    public string? StateDirectory { get; set; }

    /// <summary>
    /// Name of the codec that carries every boundary, whatever it loses. Null (the default) lets a policy that learns choose one with
    /// the partition: among those that lose nothing and, with a <see cref="Calibration"/>, those that lose little enough; a partition
    /// that is named or fixed then goes with <c>Raw</c>.
    /// </summary>
    public string? Codec { get; set; }

    /// <summary>The codecs that the client knows: those of SplitInfer unless set. The server must know a codec as well for it to be used.</summary>
    public CodecRegistry KnownCodecs { get; set; } = CodecRegistry.Default;

    /// <summary>Names of the codecs that a policy may choose among; null (the default) for all. <see cref="Codec"/> goes before it.</summary>
    public IReadOnlySet<string>? AllowedCodecs { get; set; }

    /// <summary>
    /// The file in which <c>splitinfer calibrate</c> left what codecs do to this model; with a <see cref="Family"/> also a folder with such files of its variants. Null
    /// (the default) where there is none, so that the codecs stay lossless.
    /// </summary>
    public string? Calibration { get; set; }

    /// <summary>
    /// The file in which <c>splitinfer exits add</c> left early exits of this model; with a <see cref="Family"/> also a folder with such files of its variants. Where an exit on a cut is
    /// sure enough, the device answers there, and nothing behind the cut runs; a policy that learns chooses which exit is asked, and the exit on a <see cref="Partition"/> that is fixed is asked always.
    /// By a deadline an exit that was not sure answers where nothing better is there (<see cref="InferenceRequest.MinQuality"/>). Files in a folder are called <c>*.exits.json</c>. Null (the default) where there are none.
    /// </summary>
    public string? Exits { get; set; }

    /// <summary>
    /// With <see cref="Exits"/> and a deadline: the share of the device's computing time that may be in vain, 0 to 1, since it goes on beside a server whose answer is then taken while an exit has given
    /// one that could be given; whether it goes on for the deadline, for a late reply or since a policy explores. It is counted over the last requests. 0 never begins where an exit has answered, 1 always
    /// does. Where no exit has answered, where the server is silent and with a <see cref="Hedge"/> the device goes on all the same. 0.15 unless set.
    /// </summary>
    public double MaxExtraWork { get; set; } = 0.15;

    /// <summary>With a calibration: the part of the results that must stay the same, 0 to 1, for a codec to be chosen; of a model that is no classifier, 1 less the relative error of its outputs. 0.99 unless set.</summary>
    public double MinAgreement { get; set; } = 0.99;

    /// <summary>
    /// How long after the call a result is still of use, unless a request says otherwise; null (the default) is for ever. It bounds the head,
    /// the wait for the server and the device's own run alike: a request ends by it, with a result or a <see cref="RequestTimeoutException"/>.
    /// </summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>Whether the heads of all arms, and their tails where the device may race the server, are loaded before the client is ready, and what codecs and races run compiled, rather than on first use; default false.</summary>
    public bool PreloadArms { get; set; }

    /// <summary>
    /// Bytes that loaded heads and models may hold; the least recently used make room. Default 1 GiB. With a <see cref="Family"/> and a server the variant that is
    /// the fastest here stays loaded beyond it, if need be, so that a request whose server fails or is late by its deadline never waits for a load; others stand in only
    /// while they are loaded.
    /// </summary>
    public long SegmentMemoryBytes { get; set; } = 1L << 30;

    /// <summary>Which partitions may be taken.</summary>
    public PlanOptions Plan { get; set; } = new();

    /// <summary>How ONNX Runtime runs on the device.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>The connections that this client shares with others of the application; null (the default) gives the client its own.</summary>
    public SharedConnections? Connections { get; set; }

    /// <summary>How the server is reached.</summary>
    public TransportOptions Transport { get; set; } = new();

    /// <summary>
    /// Whether servers are told how requests went on the device, for the people who watch them: times of the stages, partition, codec, whether a request was
    /// forced or raced, what the policy thinks of the link, and how many requests asked no server. It goes along with requests, at most 200 bytes each, and never
    /// tells what was inferred. Default true.
    /// </summary>
    public bool Reports { get; set; } = true;

    /// <summary>The log, which also takes what ONNX Runtime says on the device; none unless set.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>
    /// What devices of this kind have learned (<see cref="SplitInferenceClient.Share"/>), which the client starts from until it has learned for itself. What a <see cref="StateDirectory"/> holds of this device goes
    /// before it. A kind are devices that run the same model, or family, with the same exits, at about the same speed, over links of the same sort to servers of the same names. Nothing unless set.
    /// </summary>
    public KindPrior Prior { get; set; } = KindPrior.Empty;

    /// <summary>
    /// Seed of what a policy draws at random. Null (the default) draws one anew for each client, as clients that share servers need: those of one seed turn to another server at
    /// the same time.
    /// </summary>
    public int? Seed { get; set; }

    /// <summary>The clock; the default is the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>The servers, whichever way they were given.</summary>
    internal IReadOnlyList<ServerOptions> AllServers => Server is { } address ? [new() { Address = address }] : [.. Servers];

    /// <summary>What is optimised, with the default applied.</summary>
    internal Objective EffectiveObjective => Objective ?? (Family is not null && KnowsDeadlines ? Policies.Objective.MostAccurateBy : Policies.Objective.LeastTime);

    // Others choose the least time whatever they are asked.
    private bool KnowsDeadlines => Policy is null or PolicyNames.MuLinUcb or PolicyNames.MdInferencePaper;

    /// <summary>The file that <see cref="Family"/> names, itself or by its folder; null where there is none.</summary>
    internal string? FamilyPath => Family is { } folder && Directory.Exists(folder) ? Path.Combine(folder, FamilyFile.Name) : Family;

    /// <summary>Whether the device finishes what a server fails.</summary>
    internal bool FallsBack => OnServerFailure == OnServerFailure.FinishOnDevice && !IsServerOnly;

    /// <summary>Checks every option that can be checked without the model.</summary>
    /// <param name="needsModelPath">Whether the model is still to be loaded.</param>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate(bool needsModelPath)
    {
        Require(!needsModelPath || IsServerOnly || Family is not null || !string.IsNullOrEmpty(ModelPath), nameof(ModelPath), $"the path of an ONNX file, unless {nameof(Family)} or {nameof(IsServerOnly)} is set");
        if (IsServerOnly) ValidateServerOnly();
        if (Family is not null) ValidateFamily();
        Require(Variants is null || Family is not null, nameof(Variants), $"left out without a {nameof(Family)}");
        Require(Variants is not { Count: 0 }, nameof(Variants), "the names of some variants; leave it out for the best");
        Require(Objective is not { } objective || Enum.IsDefined(objective), nameof(Objective), $"one of {string.Join(", ", Enum.GetNames<Objective>())}");
        Require(Objective is not Policies.Objective.Experience || Family is not null, nameof(Objective), $"another one without a {nameof(Family)}: {Policies.Objective.Experience} chooses among the variants of one");
        Require(Objective is not Policies.Objective.Experience || Policy is null or PolicyNames.MuLinUcb, nameof(Policy), $"left out where {nameof(Objective)} is {Objective}, since '{Policy}' does not choose among variants");
        Require(Enum.IsDefined(Hedge), nameof(Hedge), $"one of {string.Join(", ", Enum.GetNames<Hedge>())}");
        foreach (var (value, option) in new (object?, string)[]
        {
            (Servers, nameof(Servers)), (KnownCodecs, nameof(KnownCodecs)), (Plan, nameof(Plan)), (Execution, nameof(Execution)), (Transport, nameof(Transport)),
            (TimeProvider, nameof(TimeProvider)), (Logger, nameof(Logger)), (PolicyOptions, nameof(PolicyOptions)), (ModelName, nameof(ModelName)), (ModelVersion, nameof(ModelVersion)), (Experience, nameof(Experience)),
            (Prior, nameof(Prior)),
        })
            Require(value is not null, option, "set; leave it out for the default");
        Require(CustomPolicy is null || (Policy is null && PolicyOptions.Count == 0), nameof(CustomPolicy), $"null where {nameof(Policy)} or {nameof(PolicyOptions)} is set, which it would replace");
        Require(Partition is null || Policy is null or PolicyNames.Fixed, nameof(Partition), $"null with policy '{Policy}', which chooses the partition itself: leave out {nameof(Policy)}, or set it to '{PolicyNames.Fixed}'");
        Require(Exits is null || (Exits.Length > 0 && !IsServerOnly), nameof(Exits), IsServerOnly ? $"left out where {nameof(IsServerOnly)} is set: the device runs nothing on which they could stand" : "the path of a file that 'splitinfer exits add' left");
        Require(MaxExtraWork is >= 0 and <= 1, nameof(MaxExtraWork), $"from 0 to 1 (0.15 allows 15 %); it is {MaxExtraWork}");
        Require(MinAgreement is >= 0 and <= 1, nameof(MinAgreement), $"from 0 to 1 (0.99 keeps 99 % of the results); it is {MinAgreement}");
        Require(Deadline is not { } deadline || deadline > TimeSpan.Zero, nameof(Deadline), $"more than 0, or null for none; it is {Deadline}");
        Require(ProfilingBudget >= TimeSpan.Zero, nameof(ProfilingBudget), $"at least 0; it is {ProfilingBudget}");
        Require(ProbeInterval >= TimeSpan.Zero || ProbeInterval == Timeout.InfiniteTimeSpan, nameof(ProbeInterval), $"at least 0, or infinite; it is {ProbeInterval}");
        Require(SegmentMemoryBytes >= 0, nameof(SegmentMemoryBytes), $"a number of bytes, 0 to keep no segment that is not in use; it is {SegmentMemoryBytes}");
        Require(Partition is not < 0, nameof(Partition), $"at least 0; it is {Partition}");
        Require(Enum.IsDefined(OnServerFailure), nameof(OnServerFailure), $"one of {string.Join(", ", Enum.GetNames<OnServerFailure>())}");
        Require(Enum.IsDefined(NonFiniteOutputs), nameof(NonFiniteOutputs), $"one of {string.Join(", ", Enum.GetNames<NonFiniteOutputs>())}");
        Require(Server?.IsAbsoluteUri is not false, nameof(Server), $"an address such as tcp://server:7070; it is {Server}");
        Require(Server is null || Servers.Count == 0, nameof(Server), $"null where {nameof(Servers)} has any: put the address among those");
        Require(Servers.Count <= ServerSet.MaxServers, nameof(Servers), $"at most {ServerSet.MaxServers}; there are {Servers.Count}. Put a load balancer in front of them");
        for (var i = 0; i < Servers.Count; i++)
        {
            var (server, name) = (Servers[i], $"{nameof(Servers)}[{i}]");
            Require(server is not null, name, "a server, not null");
            Require(server!.Address is not null || server.Transport is not null, $"{name}.{nameof(ServerOptions.Address)}", "an address such as tcp://server:7070");
            Require(server.Address?.IsAbsoluteUri is not false, $"{name}.{nameof(ServerOptions.Address)}", $"an address such as tcp://server:7070; it is {server.Address}");
            server.Security?.Validate($"{name}.{nameof(ServerOptions.Security)}");
            Require(Servers.Take(i).All(other => other.DisplayName != server.DisplayName), $"{name}.{nameof(ServerOptions.Name)}", $"a name that no other server has; it is '{server.DisplayName}'");
        }

        Transport.Validate(nameof(Transport));

        void ValidateFamily()
        {
            Require(Family!.Length > 0, nameof(Family), $"the path of a {FamilyFile.Name}");
            Require(needsModelPath && string.IsNullOrEmpty(ModelPath), nameof(Family), $"null where the client is given one model: leave out {nameof(ModelPath)}");
            Require(!IsServerOnly, nameof(Family), $"null where {nameof(IsServerOnly)} is set: the device has the variants");
            Require(ModelName is not { Length: > 0 } && ModelVersion is not { Length: > 0 }, nameof(ModelName), $"left out with a {nameof(Family)}: servers know its variants by their fingerprints");
            Require(Servers?.All(static server => server?.Transport is null) is not false, nameof(Servers), $"addresses with a {nameof(Family)}: a transport of your own carries one model");
        }

        void ValidateServerOnly()
        {
            Require(needsModelPath && string.IsNullOrEmpty(ModelPath), nameof(IsServerOnly), "false where the device has a copy of the model");
            Require(Server is not null || Servers is { Count: > 0 }, nameof(Servers), $"at least one server where {nameof(IsServerOnly)} is set");
            Require(Servers?.All(static server => server?.Transport is null) is not false, nameof(Servers), $"addresses where {nameof(IsServerOnly)} is set: only a connection can describe a model");
            Require(Policy is null or PolicyNames.AllOnServer && CustomPolicy is null, nameof(Policy), $"left out where {nameof(IsServerOnly)} is set: there is nothing to choose");
            Require(Partition is null or 0, nameof(Partition), $"left out where {nameof(IsServerOnly)} is set: there is nothing to choose");
            Require(Calibration is null, nameof(Calibration), $"left out where {nameof(IsServerOnly)} is set: name a {nameof(Codec)} instead");
        }
    }

    private static void Require(bool isRight, string option, string expected)
    {
        if (!isRight) throw new ArgumentException($"The option {option} must be {expected}.", option);
    }
}

/// <summary>What happens to a request that a server fails.</summary>
public enum OnServerFailure
{
    /// <summary>The device finishes the request; <see cref="InferenceResult.ServerFailure"/> says why. While the server is known to be down, the device runs everything.</summary>
    FinishOnDevice,

    /// <summary>
    /// A request that was sent to a server ends with the server's error. A policy that learns does not choose a server that is known to be down, so the
    /// device then runs the request; <see cref="SplitInferenceClient.Servers"/> says which are down.
    /// </summary>
    Throw,
}

/// <summary>What happens where a server's outputs hold infinite numbers, or what is not a number, though what it was sent does not.</summary>
public enum NonFiniteOutputs
{
    /// <summary>
    /// The device finishes the request, and <see cref="InferenceResult.ServerFailure"/> says why. Once the device has yielded such numbers itself, the
    /// model is known to, and servers are believed.
    /// </summary>
    FinishOnDevice,

    /// <summary>They are the result. <see cref="InferenceResult.HasNonFiniteOutputs"/> tells.</summary>
    Accept,
}
