using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>Puts a check of the client before what an endpoint does.</summary>
internal static class Guard
{
    /// <summary>Answers only clients with a key, where the server requires one.</summary>
    public static RequestDelegate Known(RequestDelegate answer) => context =>
    {
        try
        {
            context.RequireKey(context.Server);
        }
        catch (InferenceException refused)
        {
            return context.WriteErrorAsync(refused);
        }

        return answer(context);
    };
}
