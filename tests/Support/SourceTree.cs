namespace MailCluster.Support;

/// <summary>Finds files that tests read where they are kept.</summary>
public static class SourceTree
{
    /// <summary>The absolute path of a file or folder, given from the top of the repository.</summary>
    public static string Find(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MailCluster.sln")))
        {
            folder = folder.Parent;
        }
        return Path.Combine((folder ?? throw new DirectoryNotFoundException("The repository's top is not above the tests.")).FullName, path);
    }
}
