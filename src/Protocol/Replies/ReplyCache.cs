namespace MailCluster.Protocol.Replies;

/// <summary>Remembers a connection's last reply to the end of data: most hosts say the same each time, and then nothing is allocated for it.</summary>
public sealed class ReplyCache
{
    private byte[] _octets = [];
    private Reply? _reply;

    /// <summary>The reply, the one from last time where it is the same octet by octet.</summary>
    public Reply Get(in ReplyView view)
    {
        if (_reply is null || !view.Octets.SequenceEqual(_octets))
        {
            _reply = view.ToReply();
            _octets = view.Octets.ToArray();
        }
        return _reply;
    }
}
