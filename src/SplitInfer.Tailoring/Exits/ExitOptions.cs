using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Exits;

/// <summary>How exits are made.</summary>
public sealed class ExitOptions
{
    /// <summary>The partitions that get an exit; null (the default) to choose those that save most.</summary>
    public IReadOnlyList<int>? Partitions { get; set; }

    /// <summary>The share of inputs that exits may answer otherwise than the model, between 0 and 1. 0.001 by default.</summary>
    public double MaxLoss { get; set; } = 0.001;

    /// <summary>How sure that has to be, between 0 and 1. 0.95 by default.</summary>
    public double Confidence { get; set; } = 0.95;

    /// <summary>The most exits that are chosen, where <see cref="Partitions"/> names none; at least 1. 3 by default.</summary>
    public int MaxExits { get; set; } = 3;

    /// <summary>The share of the model's computation that an exit has to save, beside those chosen before, to be chosen; 0 to 1. 0.02 by default.</summary>
    public double MinGain { get; set; } = 0.02;

    /// <summary>The most features of an exit; at least 1. 2048 by default.</summary>
    public int MaxFeatures { get; set; } = 2048;

    /// <summary>The most steps of training a head; at least 1. 100 by default.</summary>
    public int MaxSteps { get; set; } = 100;

    /// <summary>Seed by which samples are divided. The same seed and samples give the same exits.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>How many threads work at a time, at least 1; it does not affect the result. The number of cores unless set.</summary>
    public int MaxConcurrency { get; set; } = Environment.ProcessorCount;

    /// <summary>How ONNX Runtime runs the model. One thread for each run unless set.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1 };

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Partitions is { Count: 0 }) throw new ArgumentException($"{nameof(Partitions)} is empty; name at least one, or leave it out.");
        if (!(MaxLoss is > 0 and < 1)) throw new ArgumentException($"{nameof(MaxLoss)} is {MaxLoss}; it is between 0 and 1, such as 0.001.");
        if (!(Confidence is > 0 and < 1)) throw new ArgumentException($"{nameof(Confidence)} is {Confidence}; it is between 0 and 1, such as 0.95.");
        if (MaxExits < 1) throw new ArgumentException($"{nameof(MaxExits)} is {MaxExits}; it is at least 1.");
        if (!(MinGain is >= 0 and <= 1)) throw new ArgumentException($"{nameof(MinGain)} is {MinGain}; it is between 0 and 1.");
        if (MaxFeatures < 1) throw new ArgumentException($"{nameof(MaxFeatures)} is {MaxFeatures}; it is at least 1.");
        if (MaxSteps < 1) throw new ArgumentException($"{nameof(MaxSteps)} is {MaxSteps}; it is at least 1.");
        if (MaxConcurrency < 1) throw new ArgumentException($"{nameof(MaxConcurrency)} is {MaxConcurrency}; it is at least 1.");
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        Execution.Validate();
    }
}

/// <summary>How far the making of exits is.</summary>
/// <param name="What">What is being done.</param>
/// <param name="Done">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
public sealed record ExitProgress(string What, int Done, int Steps);
