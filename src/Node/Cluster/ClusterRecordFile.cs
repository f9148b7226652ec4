using System.Text.Json;

namespace MailCluster.Node.Cluster;

/// <summary>Keeps the <see cref="ClusterRecord"/> in the data directory.</summary>
internal sealed partial class ClusterRecordFile(string dataDirectory, string self, ILogger logger)
{
    /// <summary>Its name there.</summary>
    public const string Name = "cluster-members";

    private readonly string _path = Path.Combine(dataDirectory, Name);

    /// <summary>What was kept; null where there is nothing, or nothing of use.</summary>
    public ClusterRecord? Read()
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(_path), BootstrapJson.Default.ClusterRecord);
            return record is { Members.IsDefaultOrEmpty: false } && record.Self == self ? record : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            Unreadable(_path, e.Message);
            return null;
        }
    }

    /// <summary>Keeps it durably, in place of the last. A disk that takes no more is no reason to stop: the record before is then what counts.</summary>
    public void Write(ClusterRecord record)
    {
        try
        {
            var temporary = _path + ".new";
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(file, record, BootstrapJson.Default.ClusterRecord);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unwritable(_path, e.Message);
        }
    }

    /// <summary>Forgets it: this node is alone now, and whatever it was in before does not concern it.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unwritable(_path, e.Message);
        }
    }

    [LoggerMessage(60, LogLevel.Warning, "cannot read {Path}, which says who was in the cluster last; going on without: {Reason}")]
    private partial void Unreadable(string path, string reason);

    [LoggerMessage(61, LogLevel.Warning, "cannot write or delete {Path}, which says who was in the cluster last: {Reason}")]
    private partial void Unwritable(string path, string reason);
}
