using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Client;

/// <summary>How a <see cref="SplitInferenceClient"/> works. Only <see cref="ModelPath"/> has to be set.</summary>
public sealed class SplitInferenceOptions
{
    /// <summary>The ONNX file on the device.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>The server that runs tails, such as <c>tcp://server:7070</c> or <c>unix:///run/splitinfer.sock</c>; null runs everything on the device.</summary>
    public Uri? Server { get; set; }

    /// <summary>The name of the model on the server; empty (the default) finds it by the fingerprint of the file.</summary>
    public string ModelName { get; set; } = "";

    /// <summary>The version of the model on the server; empty (the default) takes the one whose fingerprint is that of the file.</summary>
    public string ModelVersion { get; set; } = "";

    /// <summary>Name of the policy that chooses the partition, one of <see cref="PolicyNames"/>; null (the default) is <c>Fixed</c> where <see cref="Partition"/> is set, else <c>AllOnServer</c> with a server and <c>AllOnDevice</c> without.</summary>
    public string? Policy { get; set; }

    /// <summary>The partition that policy <c>Fixed</c> takes.</summary>
    public int? Partition { get; set; }

    /// <summary>Name of the codec that carries the boundary; default <c>Raw</c>.</summary>
    public string Codec { get; set; } = "Raw";

    /// <summary>How long a result is of use, unless a request says otherwise; null (the default) is for ever.</summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>Whether the heads of all arms are loaded before the client is ready, rather than on first use; default false.</summary>
    public bool PreloadArms { get; set; }

    /// <summary>Bytes that loaded heads may hold; the least recently used make room. Default 1 GiB.</summary>
    public long SegmentMemoryBytes { get; set; } = 1L << 30;

    /// <summary>Which partitions may be taken.</summary>
    public PlanOptions Plan { get; set; } = new();

    /// <summary>How ONNX Runtime runs on the device.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>How the server is reached.</summary>
    public TransportOptions Transport { get; set; } = new();

    /// <summary>The clock; the default is the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
