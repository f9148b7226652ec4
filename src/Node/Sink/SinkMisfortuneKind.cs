namespace MailCluster.Node.Sink;

/// <summary>What the sink does instead of its duty.</summary>
internal enum SinkMisfortuneKind : byte
{
    /// <summary>Answers with a 4xx or 5xx. A 421 also closes, as RFC 5321 section 3.8 has it.</summary>
    Reply,
    /// <summary>Does its duty late.</summary>
    Delay,
    /// <summary>Closes instead of a reply. At the end of data the message does not count as taken.</summary>
    HangUp,
    /// <summary>Does its duty, then closes.</summary>
    HangUpAfter,
    /// <summary>Never answers.</summary>
    Silence,
    /// <summary>Answers with something that is no reply.</summary>
    Garbage,
    /// <summary>Answers with a line that does not end.</summary>
    Endless,
}
