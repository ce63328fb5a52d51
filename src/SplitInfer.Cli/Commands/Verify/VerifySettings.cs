using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>How models are verified.</summary>
/// <param name="Partitions">Which partitions, as <see cref="Cli.Inputs.PartitionChoice"/> reads it.</param>
/// <param name="Cuts">The most of them, spread evenly; null for all.</param>
/// <param name="Tolerance">How far a partition may be from the whole: an element by this times (1 + its magnitude).</param>
/// <param name="Seed">Seed of made-up inputs.</param>
/// <param name="Plan">Makes the options of a plan, anew for each model.</param>
/// <param name="Execution">How ONNX Runtime runs.</param>
internal sealed record VerifySettings(string Partitions, int? Cuts, double Tolerance, int Seed, Func<PlanOptions> Plan, ExecutionOptions Execution);
