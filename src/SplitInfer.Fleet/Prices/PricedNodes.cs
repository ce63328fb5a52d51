using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Prices;

/// <summary>The nodes of a region and their prices. Takes messages of anyone, whom it refuses in words. Not thread-safe, as a grain need not be.</summary>
/// <param name="options">The knobs of the pricing.</param>
/// <param name="clock">Tells for how long a node has been silent.</param>
internal sealed class PricedNodes(QualityCoordinatorOptions options, TimeProvider clock)
{
    /// <summary>The most models of a node.</summary>
    public const int MaxCurves = 64;

    /// <summary>The most settings of all curves of a node, so that one costs 24 kB at most.</summary>
    public const int MaxSettings = 1024;

    private const int MaxNameLength = 128;

    // What no node has; beyond it numbers of a report could overflow, and stay so in what is remembered.
    private const float Most = 1e9f, Least = 1e-9f;

    // A node reports once a second; one that has not for as long makes room where there is none.
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private readonly Dictionary<uint, Node> _nodes = [];

    /// <summary>Whether somebody has joined since <see cref="Snapshot"/>.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>How many nodes are known.</summary>
    public int Count => _nodes.Count;

    /// <summary>Goes on with what was kept, as far as it makes sense; others join again.</summary>
    public void Restore(RegionState state)
    {
        foreach (var record in state.Nodes ?? [])
            if (_nodes.Count < options.MaxNodes && record is { Name: not null } && CoordinatorOf(record.Curves, out _) is { } coordinator) _nodes[NumberOf(record.Name)] = new(record, coordinator) { HeardAt = clock.GetTimestamp() };
    }

    /// <summary>What is to be kept.</summary>
    public RegionState Snapshot()
    {
        IsChanged = false;
        return new() { Nodes = [.. _nodes.Values.Select(static node => node.Record)] };
    }

    /// <summary>What was kept could not be written and is still to be.</summary>
    public void KeepAgain() => IsChanged = true;

    /// <summary>Takes a node in, or what curves it has now.</summary>
    public JoinReply Join(string name, CurveMessage[] curves)
    {
        if (name is not { Length: > 0 and <= MaxNameLength } || name.Any(char.IsControl)) return new(0, $"A node's name has 1 to {MaxNameLength} characters, none of them control characters; give it another.");
        if (CoordinatorOf(curves, out var fault) is not { } coordinator) return new(0, fault);
        var number = NumberOf(name);
        // Under a number of its own, another time, its reports could pass for those of the other.
        if (_nodes.TryGetValue(number, out var known) && known.Record.Name != name) return new(0, $"The name '{name}' has the same number as another node's; give the node another name.");
        if (known is null && _nodes.Count >= options.MaxNodes && !Forget()) return new(0, $"The region has {_nodes.Count} nodes, as many as {nameof(QualityCoordinatorOptions.MaxNodes)} allows. Raise it, or divide the region.");
        _nodes[number] = new(new(name, curves), coordinator) { HeardAt = clock.GetTimestamp() };
        IsChanged = true;
        return new(number, null);
    }

    /// <summary>Takes the bytes of a report, and finds the price.</summary>
    public PriceReply Price(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var report = LoadReport.FromBytes(bytes);
            if (!_nodes.TryGetValue(report.Node, out var node)) return PriceReply.Unknown;
            node.HeardAt = clock.GetTimestamp();
            Require(report);
            // The report's own count goes on when the grain moves to a silo that has counted nothing.
            var message = node.Coordinator.Receive(report) with { Sequence = report.Sequence };
            var price = new byte[PriceMessage.Bytes];
            message.Write(price);
            return new(price, null);
        }
        catch (QualityMessageException error)
        {
            return new([], error.Message);
        }
    }

    /// <summary>The number of a node, which follows from its name, so that no other one is ever meant by it.</summary>
    public static uint NumberOf(string name) => BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private static void Require(LoadReport report)
    {
        if (!IsPossible(report.Lanes) || !IsPossible(report.Slowness) || report.Classes.Any(static known => !IsPossible(known.Weight) || known.Rate > Most))
            throw new QualityMessageException($"Lanes, slowness, weights and rates of a report are from {Least:0e0} to {Most:0e0}.");
    }

    private static bool IsPossible(float value) => value is >= Least and <= Most;

    private QualityCoordinator? CoordinatorOf(CurveMessage[] curves, out string? fault)
    {
        fault = null;
        if (curves is null || curves.Length > MaxCurves || curves.Sum(static curve => curve?.Depths?.Length ?? 0) > MaxSettings)
        {
            fault = $"A node has at most {MaxCurves} curves with {MaxSettings} settings in all. Serve fewer models with exits at one node, or keep fewer settings of each.";
            return null;
        }

        try
        {
            var coordinator = new QualityCoordinator(options);
            foreach (var curve in curves) coordinator.Add((curve ?? throw new ArgumentException("A curve is missing.")).ToCurve());
            return coordinator;
        }
        catch (ArgumentException error)
        {
            fault = $"A curve cannot be used: {error.Message}";
            return null;
        }
    }

    private bool Forget()
    {
        var (number, silent) = _nodes.MinBy(static pair => pair.Value.HeardAt);
        return clock.GetElapsedTime(silent.HeardAt) >= Forgotten && _nodes.Remove(number);
    }

    /// <summary>A node with what is remembered of its load.</summary>
    private sealed class Node(NodeRecord record, QualityCoordinator coordinator)
    {
        public NodeRecord Record => record;

        public QualityCoordinator Coordinator => coordinator;

        public long HeardAt { get; set; }
    }
}
