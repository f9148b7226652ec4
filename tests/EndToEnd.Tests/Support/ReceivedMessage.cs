namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A message that a <see cref="RecordingSink"/> answered 250 to, or was about to when the client went.</summary>
internal sealed record ReceivedMessage(string Mail, IReadOnlyList<string> Rcpts, byte[] Content, int Port)
{
    public string Text => System.Text.Encoding.Latin1.GetString(Content);

    /// <summary>What stands after our own Received field.</summary>
    public string Original
    {
        get
        {
            var text = Text;
            var end = text.IndexOf("\r\n", StringComparison.Ordinal);
            while (end + 2 < text.Length && text[end + 2] is ' ' or '\t')
            {
                end = text.IndexOf("\r\n", end + 2, StringComparison.Ordinal);
            }
            return text.StartsWith("Received:", StringComparison.Ordinal) ? text[(end + 2)..] : text;
        }
    }
}
