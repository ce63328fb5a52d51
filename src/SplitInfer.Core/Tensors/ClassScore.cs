namespace SplitInfer.Tensors;

/// <summary>The score that a classifier gives one class.</summary>
/// <param name="Index">The number of the class, from 0.</param>
/// <param name="Score">What the model yields for it: a probability if the scores went through a softmax.</param>
public readonly record struct ClassScore(int Index, float Score);
