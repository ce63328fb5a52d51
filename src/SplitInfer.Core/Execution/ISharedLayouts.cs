namespace SplitInfer.Execution;

/// <summary>Holds weights that kernels have laid out anew, once for all sessions that are made with it. It lives on, once disposed, until the last of them is gone.</summary>
internal interface ISharedLayouts : IDisposable;
