using System.Globalization;

namespace MailCluster.Spool;

/// <summary>
/// Looks at a spool that no process has open, or at a copy of one, and writes nothing. It reads every record of every segment itself, whatever the
/// sidecars say, and every large file.
/// </summary>
public sealed class SpoolInspector
{
    private readonly SpoolDisk _disk = new();
    private readonly SpoolLayout _layout;
    private readonly SpoolFormat _format;
    private readonly List<SpoolDamage> _damage = [];
    private readonly Dictionary<QueueId, Inspected> _messages = [];

    private SpoolInspector(SpoolLayout layout)
    {
        _layout = layout;
        if (!File.Exists(layout.Format))
        {
            throw new IOException($"{layout.Directory} is no spool: {layout.Format} is not there.");
        }
        _format = Spool.ReadFormat(_disk, layout);
    }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<SpoolDamage> Damage => _damage;

    /// <summary>Segments read.</summary>
    public int Segments { get; private set; }

    /// <summary>Records read.</summary>
    public long Records { get; private set; }

    /// <summary>Octets of records read.</summary>
    public long Octets { get; private set; }

    /// <summary>Messages that have not ended, by name.</summary>
    public IReadOnlyList<InspectedMessage> Messages { get; private set; } = [];

    /// <summary>Reads the spool in <paramref name="directory"/>.</summary>
    /// <exception cref="IOException">There is none, it is in use, or it is of another version; the message says which.</exception>
    public static SpoolInspector Inspect(string directory)
    {
        var layout = new SpoolLayout(directory);
        var inspector = new SpoolInspector(layout);
        try
        {
            // A copy may lack the lock; where there is one, nobody may have it.
            using var spoolLock = File.Exists(layout.Lock) ? File.OpenHandle(layout.Lock, FileMode.Open, FileAccess.Read, FileShare.None) : null;
            inspector.Read();
        }
        catch (IOException failure) when (failure is not (FileNotFoundException or DirectoryNotFoundException) && failure.Message.Contains(layout.Lock, StringComparison.Ordinal))
        {
            throw new IOException($"The spool {directory} is in use by another process.", failure);
        }
        return inspector;
    }

    private void Read()
    {
        if (File.Exists(_layout.Received) && Spool.ReadReceived(_disk, _layout.Received, _format.Id).Damage is { } damage)
        {
            _damage.Add(new(_layout.Received, default, damage));
        }
        var records = new List<Found>();
        foreach (var kind in (ReadOnlySpan<LogKind>)[LogKind.Incoming, LogKind.Deferred])
        {
            var chain = SegmentChain.Find(_disk, _layout, kind, _format.Id);
            _damage.AddRange(chain.Damage);
            foreach (var (segment, knownEnd) in chain.Segments)
            {
                ReadSegment(segment, knownEnd, records);
                segment.Release();
            }
        }
        foreach (var record in records.OrderBy(static record => record.Header.Sequence))
        {
            Apply(record);
        }
        foreach (var id in _damage.Where(static damage => damage.Id.IsPresent).Select(static damage => damage.Id))
        {
            _messages.Remove(id);
        }
        foreach (var (id, message) in _messages.Where(static pair => pair.Value.IsLarge))
        {
            CheckLarge(id, message);
        }
        Messages = [.. _messages.Values.Select(static message => message.ToMessage())
            .OrderBy(static message => message.Id.Spool).ThenBy(static message => message.Id.Number)];
    }

    private void ReadSegment(Segment segment, long? knownEnd, List<Found> records)
    {
        Segments++;
        var count = 0;
        byte[] buffer = [];
        var sidecar = Sidecar.Read(_disk, segment, _format.Id, knownEnd, ref buffer);
        if (sidecar is null && File.Exists(segment.SidecarPath))
        {
            _damage.Add(new(segment.SidecarPath, default, "The sidecar is damaged; the segment is read itself."));
        }
        var scan = new SegmentScan(_disk, segment, _format)
        {
            Sound = (in RecordHeader header, long offset, ReadOnlySpan<byte> part) =>
            {
                count++;
                Octets += header.TotalLength;
                records.Add(new(header, segment.Path, offset, part.ToArray()));
            },
            Damage = (offset, length, header) =>
                _damage.Add(new($"{segment.Path}, octet {offset}", header is { Type: not (RecordType.Done or RecordType.Kept or RecordType.HandedOver) } known ? known.Id : default, $"{length} octets cannot be read.")),
        };
        scan.Run(sidecar?.End ?? knownEnd);
        Records += count;
    }

    private void Apply(Found record)
    {
        var header = record.Header;
        switch (header.Type)
        {
            case RecordType.Message or RecordType.Large or RecordType.Snapshot:
                ApplyMessage(record);
                break;
            case RecordType.Handing when _messages.TryGetValue(header.Id, out var marked):
                var payload = new ByteReader(record.Part);
                marked.Mark = new(new(_format.Id, header.Id, (int)header.Argument), payload.Text());
                break;
            case RecordType.Kept when _messages.TryGetValue(header.Id, out var kept):
                kept.Mark = null;
                break;
            case RecordType.HandedOver:
                _messages.Remove(header.Id);
                break;
            case RecordType.State or RecordType.Done when _messages.TryGetValue(header.Id, out var message) && header.Argument < message.States.Length
                && message.States[header.Argument] is { } entry:
                if (header.Type == RecordType.Done)
                {
                    message.States[header.Argument] = null;
                    if (Array.TrueForAll(message.States, static state => state is null))
                    {
                        _messages.Remove(header.Id);
                    }
                    break;
                }
                var reader = new ByteReader(record.Part);
                if ((header.Flags & RecordFlags.FromReport) != 0)
                {
                    reader.Fixed64();
                }
                var state = StateRecord.Read(ref reader);
                if ((state.Flags & StateFlags.Full) != 0)
                {
                    StateRecord.Fresh(entry.Recipients.Length).CopyTo(entry.Recipients, 0);
                }
                if (!state.ReadChanges(ref reader, entry.Recipients))
                {
                    _damage.Add(new($"{record.Path}, octet {record.Offset}", header.Id, "A state record is malformed."));
                }
                entry.Numbers = state;
                break;
        }
    }

    private void ApplyMessage(Found record)
    {
        var reader = new ByteReader(record.Part);
        if (!MessagePrefix.TryRead(record.Part, out var prefix))
        {
            _damage.Add(new($"{record.Path}, octet {record.Offset}", record.Header.Id, "A message record is malformed."));
            return;
        }
        reader.Take(MessagePrefix.Size);
        if (EnvelopeCodec.Read(ref reader) is not { } envelope)
        {
            _damage.Add(new($"{record.Path}, octet {record.Offset}", record.Header.Id, "An envelope is malformed."));
            return;
        }
        var isSnapshot = record.Header.Type == RecordType.Snapshot;
        var states = record.Part.AsSpan(MessagePrefix.Size + (int)prefix.EnvelopeLength);
        var entries = new InspectedEntry?[envelope.Destinations.Length];
        var starts = isSnapshot ? SnapshotStates.Starts(states, entries.Length) : [];
        for (var i = 0; i < entries.Length; i++)
        {
            var recipients = StateRecord.Fresh(envelope.Destinations[i].Recipients.Length);
            var numbers = new StateRecord(StateFlags.None, 0, envelope.Arrived, recipients.Length, recipients.Length, 0, 0, 0, 0);
            if (!isSnapshot)
            {
                entries[i] = new(recipients, numbers);
            }
            else if (SnapshotStates.Read(states[starts[i]..], recipients) is { } carried)
            {
                entries[i] = new(recipients, carried);
            }
        }
        HandingOver? mark = null;
        if ((record.Header.Flags & RecordFlags.Handover) != 0)
        {
            var trailer = new ByteReader(states);
            for (var i = 0; i < entries.Length; i++)
            {
                SnapshotStates.Next(ref trailer);
            }
            mark = HandoverTrailer.Read(ref trailer).Receiver is { } receiver ? new(new(_format.Id, record.Header.Id, prefix.Handovers), receiver) : null;
        }
        _messages[record.Header.Id] = new(record.Header.Id, envelope, prefix, entries)
        {
            Mark = mark,
            IsLarge = record.Header.Type == RecordType.Large || (record.Header.Flags & RecordFlags.LargeContent) != 0,
        };
    }

    private void CheckLarge(QueueId id, Inspected message)
    {
        var path = _layout.LargeContent(id);
        if (!File.Exists(path))
        {
            _damage.Add(new(path, id, "The content is missing."));
            return;
        }
        using var file = _disk.OpenRead(path);
        if (RandomAccess.GetLength(file) < message.Prefix.ContentLength || !SpooledContent.Verify(_disk, file, 0, message.Prefix.ContentLength, message.Prefix.ContentCrc))
        {
            _damage.Add(new(path, id, "The content does not match its checksum."));
        }
    }

    /// <summary>What was looked at, in a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Segments} segments, {Records} records, {Octets} octets, {Messages.Count} messages, {_damage.Count} damaged");

    private sealed record Found(RecordHeader Header, string Path, long Offset, byte[] Part);

    private sealed class InspectedEntry(RecipientOutcome[] recipients, StateRecord numbers)
    {
        public RecipientOutcome[] Recipients => recipients;

        public StateRecord Numbers { get; set; } = numbers;
    }

    private sealed record Inspected(QueueId Id, Envelope Envelope, MessagePrefix Prefix, InspectedEntry?[] States)
    {
        public bool IsLarge { get; init; }

        public HandingOver? Mark { get; set; }

        public InspectedMessage ToMessage() => new(
            Id, Envelope, Prefix.ContentLength,
            [.. Envelope.Destinations.Select((destination, i) => States[i] is { } state
                ? new InspectedDestination(destination.Domain, HasEnded: false, state.Numbers.Attempts, state.Numbers.NextAttempt, [.. state.Recipients])
                : new InspectedDestination(destination.Domain, HasEnded: true, 0, default, []))])
        {
            HandingOver = Mark,
        };
    }
}
