using System.Text;

namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>A graph of rooms as a Mermaid diagram.</summary>
internal static class RoomPicture
{
    /// <summary>One box a project with its rooms in it; an arrow for each dependency that does not follow from others, dotted within a cycle.</summary>
    public static string Draw(RoomGraph graph)
    {
        var cycles = graph.Cycles();
        var text = new StringBuilder("```mermaid\nflowchart TD\n");
        foreach (var project in graph.Rooms.GroupBy(static room => room.Split('/')[0]))
        {
            text.Append($"  subgraph {project.Key}\n");
            foreach (var room in project) text.Append($"    {Id(room)}[\"{(room == project.Key ? $"({room})" : room[(project.Key.Length + 1)..])}\"]\n");
            text.Append("  end\n");
        }

        foreach (var (from, to) in graph.Reduced())
            text.Append($"  {Id(from)} {(cycles.Any(cycle => cycle.Contains(from) && cycle.Contains(to)) ? "-.->" : "-->")} {Id(to)}\n");
        return text.Append("```\n").ToString();
    }

    private static string Id(string room) => room.Contains('/') ? room.Replace('/', '_') : room + "_";
}
