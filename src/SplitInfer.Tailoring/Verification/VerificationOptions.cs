using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Verification;

/// <summary>How a model is verified. Must not change while a <see cref="ModelVerifier"/> uses it.</summary>
public sealed class VerificationOptions
{
    /// <summary>
    /// The allowed difference from the whole model: an element may differ by this times (1 + its magnitude), or by 8 units in the last place
    /// of the least precise floating-point type of boundary and outputs, if that is more. 1e-4 unless set.
    /// </summary>
    public double Tolerance { get; set; } = 1e-4;

    /// <summary>The largest number of partitions that run at the same time; each has its own head and tail in memory. 1 unless set.</summary>
    public int MaxConcurrency { get; set; } = 1;

    /// <summary>How ONNX Runtime runs the model and, where <see cref="OpenRunner"/> is null, its parts.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>
    /// Expected outputs, by the names of the plan's outputs: the outputs of partitions must then agree with these as well as with those of the
    /// whole model. The caller keeps ownership. None unless set.
    /// </summary>
    public IReadOnlyDictionary<string, Tensors.TensorValue> KnownOutputs { get; set; } = new Dictionary<string, Tensors.TensorValue>();

    /// <summary>
    /// Creates a runner, one for each partition that runs at the same time. Null (the default): head and tail run in this process, and the
    /// boundary is passed on unchanged. Another runner may use a client, a link and a server.
    /// </summary>
    public Func<CancellationToken, ValueTask<ICutRunner>>? OpenRunner { get; set; }

    /// <summary>Checks that the options are valid.</summary>
    /// <exception cref="ArgumentException">They are not; the message names the option and the reason.</exception>
    public void Validate()
    {
        if (!(Tolerance >= 0)) throw new ArgumentException($"{nameof(Tolerance)} is {Tolerance}; it can be 0 or more.");
        if (MaxConcurrency < 1) throw new ArgumentException($"{nameof(MaxConcurrency)} is {MaxConcurrency}; it can be 1 or more.");
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        if (KnownOutputs is null) throw new ArgumentException($"{nameof(KnownOutputs)} is null; leave it empty for none.");
        Execution.Validate();
    }
}
