using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Verification;

/// <summary>How a model is verified. Not changed while a <see cref="ModelVerifier"/> uses it.</summary>
public sealed class VerificationOptions
{
    /// <summary>
    /// How far a partition may be from the whole model: an element may differ by this times (1 + its magnitude), or by 8 units in the last place
    /// of the coarsest floating-point type that crosses or comes out, if that is more. 1e-4 unless set.
    /// </summary>
    public double Tolerance { get; set; } = 1e-4;

    /// <summary>The most partitions that are run at a time; each has its own head and tail in memory. 1 unless set.</summary>
    public int MaxConcurrency { get; set; } = 1;

    /// <summary>How ONNX Runtime runs the model and, where <see cref="OpenRunner"/> is null, its parts.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>
    /// Outputs that are known beforehand, by the names of the plan's outputs: partitions then have to meet these as well as what the whole model
    /// gives. They stay the caller's. None unless set.
    /// </summary>
    public IReadOnlyDictionary<string, Tensors.TensorValue> KnownOutputs { get; set; } = new Dictionary<string, Tensors.TensorValue>();

    /// <summary>
    /// Makes what runs partitions, once for each that runs at a time. Null (the default) runs head and tail in this process and hands the boundary
    /// over as it is; another one may put a client, a link and a server between them.
    /// </summary>
    public Func<CancellationToken, ValueTask<ICutRunner>>? OpenRunner { get; set; }

    /// <summary>Checks that the options make sense.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which and why.</exception>
    public void Validate()
    {
        if (!(Tolerance >= 0)) throw new ArgumentException($"{nameof(Tolerance)} is {Tolerance}; it can be 0 or more.");
        if (MaxConcurrency < 1) throw new ArgumentException($"{nameof(MaxConcurrency)} is {MaxConcurrency}; it can be 1 or more.");
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        if (KnownOutputs is null) throw new ArgumentException($"{nameof(KnownOutputs)} is null; leave it empty for none.");
        Execution.Validate();
    }
}
