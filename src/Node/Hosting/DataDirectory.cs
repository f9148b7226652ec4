namespace MailCluster.Node.Hosting;

/// <summary>The node's directory, held by one process at a time: its lock covers spool, event log and facts alike.</summary>
internal sealed class DataDirectory : IDisposable
{
    /// <summary>For files that need not outlive the process, within the directory: a container may be able to write nowhere else.</summary>
    private const string Temporary = "tmp";

    private readonly FileStream _lock;

    private DataDirectory(FileStream held) => _lock = held;

    /// <summary>Makes the directory where it is missing, locks it, and empties its folder for temporary files. The lock ends with the process, however it ends.</summary>
    /// <exception cref="StartFailedException">Another process has it, or it cannot be written.</exception>
    public static DataDirectory Lock(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailedException($"data-directory: cannot make {path}: {e.Message}", e);
        }

        var file = Path.Combine(path, "lock");
        try
        {
            // No sharing is flock(2): the kernel lets go of it with the process. Opened for reading and writing without truncation, it needs no free space.
            var held = new DataDirectory(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
            Empty(Path.Combine(path, Temporary));
            return held;
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new StartFailedException($"data-directory: {path} is in use by another process", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailedException($"data-directory: cannot write {file}: {e.Message}", e);
        }
    }

    /// <summary>What a process that was killed has left takes room and does no other harm: it is no reason not to start.</summary>
    private static void Empty(string temporary)
    {
        try
        {
            if (Directory.Exists(temporary)) Array.ForEach(Directory.GetFiles(temporary), File.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Lets go.</summary>
    public void Dispose() => _lock.Dispose();
}
