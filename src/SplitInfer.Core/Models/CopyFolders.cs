using System.Globalization;

namespace SplitInfer.Models;

/// <summary>
/// The folders of this process for copies of files, below that for temporary files. Only its user can enter them. They are removed when the process
/// ends, and those of processes that were killed by the next one that needs a folder: a lock, which the system takes away with its holder,
/// tells which are in use. Thread-safe.
/// </summary>
internal static class CopyFolders
{
    private const string Prefix = "splitinfer-data-", LockName = "lock";
    private const int Attempts = 4;

    private static readonly Lock Gate = new();
    private static string? _root;
    private static FileStream? _lock;
    private static int _added;

    /// <summary>Makes a folder.</summary>
    /// <exception cref="IOException">There is no folder for temporary files that can be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static string Add()
    {
        lock (Gate)
        {
            _root ??= CreateRoot();
            return Directory.CreateDirectory(Path.Combine(_root, (++_added).ToString(CultureInfo.InvariantCulture))).FullName;
        }
    }

    /// <summary>Removes a folder as far as the system lets it.</summary>
    public static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where mapped files cannot be removed, the next process does it.
        }
    }

    /// <summary>Removes what processes have left that were killed.</summary>
    /// <param name="temporary">The folder for temporary files.</param>
    internal static void Sweep(string temporary)
    {
        foreach (var folder in Directory.EnumerateDirectories(temporary, Prefix + "*"))
        {
            try
            {
                using (new FileStream(Path.Combine(folder, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
                Remove(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // In use, another user's, or not yet locked.
            }
        }
    }

    private static string CreateRoot()
    {
        Sweep(Path.GetTempPath());
        for (var attempt = 1; ; attempt++)
        {
            var root = Directory.CreateTempSubdirectory(Prefix).FullName;
            try
            {
                _lock = new(Path.Combine(root, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < Attempts)
            {
                // Another process swept between the making of the file and its lock.
                continue;
            }

            AppDomain.CurrentDomain.ProcessExit += static (_, _) => RemoveRoot();
            return root;
        }
    }

    private static void RemoveRoot()
    {
        lock (Gate)
        {
            if (_root is null) return;
            _lock?.Dispose();
            Remove(_root);
        }
    }
}
