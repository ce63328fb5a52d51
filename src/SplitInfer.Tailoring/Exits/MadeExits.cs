using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Exits that were made, and what else was tried.</summary>
/// <param name="Exits">The exits. Save them with <see cref="ExitsFile"/>.</param>
/// <param name="Considered">Every cut that an exit was tried at, by rising partition.</param>
/// <param name="Saving">The share of the model's multiply-accumulates that exits save on the samples that set the threshold, their own taken off.</param>
public sealed record MadeExits(ModelExits Exits, ImmutableArray<ConsideredCut> Considered, double Saving);

/// <summary>A cut that an exit was tried at.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Features">Features that the exit reads.</param>
/// <param name="Computation">The share of the model's multiply-accumulates that have been done once the exit has answered, its own included.</param>
/// <param name="Agreement">The share of the samples for calibration that it gives the model's answer, were all to leave there.</param>
/// <param name="Saving">The share of computation that it was expected to save as the only exit, from those samples; below 0 where heads cost more.</param>
/// <param name="IsChosen">Whether it is among the exits.</param>
public sealed record ConsideredCut(Partition Partition, int Features, double Computation, double Agreement, double Saving, bool IsChosen);
