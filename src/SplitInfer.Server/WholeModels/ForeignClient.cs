using SplitInfer.Server.Access;
using SplitInfer.Server.Connections;

namespace SplitInfer.Server.WholeModels;

/// <summary>A client of another protocol than the frames, as the server knows it. It has the same shares and limits as one of the frames.</summary>
/// <param name="Connection">Where its requests come from.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Key">Its key; null where the server requires none.</param>
internal readonly record struct ForeignClient(ForeignConnection Connection, ClientName Name, AccessKey? Key);
