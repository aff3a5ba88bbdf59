//! The journal's layouts, each as what brings the one before to it.

/// One entry per layout; entry N brings layout N to N + 1. Never edit an entry that was released:
/// add one.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        source BLOB NOT NULL,
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        profile TEXT NOT NULL,
        watched BLOB,
        variants TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'planned', 'done', 'failed')),
        outcome TEXT,
        size INTEGER,
        sha256 TEXT,
        content_type TEXT,
        error_code TEXT,
        error_message TEXT,
        error_hint TEXT,
        created_at INTEGER NOT NULL,
        finished_at INTEGER
    );
    CREATE INDEX jobs_unfinished ON jobs(state, id) WHERE state IN ('queued', 'planned');
    CREATE INDEX jobs_unfinished_source ON jobs(source) WHERE state IN ('queued', 'planned');
    CREATE TABLE objects (
        job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        uid TEXT NOT NULL UNIQUE,
        variant TEXT,
        spec TEXT,
        target TEXT NOT NULL,
        key TEXT NOT NULL,
        width INTEGER,
        height INTEGER,
        size INTEGER,
        sha256 TEXT,
        content_type TEXT,
        url TEXT,
        PRIMARY KEY (job, position)
    ) WITHOUT ROWID;
    CREATE INDEX objects_by_key ON objects(target, key);
    CREATE TABLE batches (
        batch TEXT NOT NULL,
        position INTEGER NOT NULL,
        job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
        PRIMARY KEY (batch, position)
    ) WITHOUT ROWID;
    CREATE INDEX batches_by_job ON batches(job);
    CREATE TABLE seen (
        folder BLOB NOT NULL,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        job INTEGER,
        PRIMARY KEY (folder, path)
    ) WITHOUT ROWID;
",
    "
    CREATE TABLE uploads (
        id INTEGER PRIMARY KEY,
        job INTEGER UNIQUE REFERENCES jobs(id) ON DELETE SET NULL,
        profile TEXT NOT NULL,
        target TEXT NOT NULL,
        key TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        upload TEXT,
        part_size INTEGER NOT NULL,
        began_at INTEGER NOT NULL
    );
    CREATE TABLE parts (
        upload INTEGER NOT NULL REFERENCES uploads(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        crc32 TEXT,
        PRIMARY KEY (upload, number)
    ) WITHOUT ROWID;

    ALTER TABLE jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN on_conflict TEXT;
    DROP INDEX jobs_unfinished;
    CREATE INDEX jobs_next ON jobs(watched IS NOT NULL, id) WHERE state IN ('queued', 'planned') AND paused = 0;
    CREATE INDEX jobs_held ON jobs(profile) WHERE state IN ('queued', 'planned') AND (paused = 1 OR error_code IS NOT NULL);
    CREATE INDEX jobs_by_content ON jobs(sha256) WHERE state = 'done';

    -- Counting the jobs of a state would take longer with every job; this is kept up by the database itself.
    CREATE TABLE tally (state TEXT PRIMARY KEY, jobs INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO tally VALUES ('queued', 0), ('planned', 0), ('done', 0), ('failed', 0);
    UPDATE tally SET jobs = (SELECT count(*) FROM jobs j WHERE j.state = tally.state);
    CREATE TRIGGER tally_insert AFTER INSERT ON jobs BEGIN
        UPDATE tally SET jobs = jobs + 1 WHERE state = new.state;
    END;
    CREATE TRIGGER tally_delete AFTER DELETE ON jobs BEGIN
        UPDATE tally SET jobs = jobs - 1 WHERE state = old.state;
    END;
    CREATE TRIGGER tally_update AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
        UPDATE tally SET jobs = jobs - 1 WHERE state = old.state;
        UPDATE tally SET jobs = jobs + 1 WHERE state = new.state;
    END;

    -- Keys that differ in case or composition only name one thing to people and to many file systems.
    ALTER TABLE objects ADD COLUMN folded TEXT;
    UPDATE objects SET folded = lower(key);
    CREATE INDEX objects_by_folded_key ON objects(target, folded);

    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('webhook', 'manifest')),
        profile TEXT NOT NULL,
        job INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL
    );
",
    "
    ALTER TABLE seen ADD COLUMN inode INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE seen ADD COLUMN skipped TEXT;
    CREATE INDEX seen_by_job ON seen(job);
    CREATE TABLE folders (path BLOB PRIMARY KEY) WITHOUT ROWID;
    INSERT INTO folders SELECT DISTINCT folder FROM seen;
    -- The file got new content while its job was under way.
    ALTER TABLE jobs ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
    -- And what is done then where its key is taken by what was sent before.
    ALTER TABLE jobs ADD COLUMN again_choice TEXT;
    CREATE INDEX jobs_of_folders ON jobs(watched) WHERE watched IS NOT NULL AND state IN ('queued', 'planned', 'failed');
",
    "
    -- What the bucket has of a file, should the file have changed since.
    ALTER TABLE seen ADD COLUMN sha256 TEXT;
    UPDATE seen SET sha256 = (SELECT j.sha256 FROM jobs j WHERE j.id = seen.job AND j.state = 'done');
    -- It is in the bucket, and is to be moved or put into the trash.
    ALTER TABLE seen ADD COLUMN put_away INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX seen_to_put_away ON seen(folder) WHERE put_away = 1;
    CREATE INDEX seen_by_content ON seen(sha256) WHERE sha256 IS NOT NULL;
    -- Deleted files whose objects are to be removed; without a time they wait for a person.
    CREATE TABLE removals (
        id INTEGER PRIMARY KEY,
        folder BLOB NOT NULL,
        path BLOB NOT NULL,
        job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
        due_at INTEGER,
        UNIQUE (folder, path)
    );
    CREATE INDEX removals_by_job ON removals(job);
    -- Numbers of jobs are given again: nothing may point to one that is gone.
    UPDATE seen SET job = NULL WHERE job NOT IN (SELECT id FROM jobs);
    CREATE TRIGGER seen_forgets AFTER DELETE ON jobs BEGIN
        UPDATE seen SET job = NULL WHERE job = old.id;
    END;
    -- How a folder was meant when it was watched last, for jobs that outlive the program that watched it.
    ALTER TABLE folders ADD COLUMN meant TEXT;
    -- Whether it was compared as a whole.
    ALTER TABLE folders ADD COLUMN begun INTEGER NOT NULL DEFAULT 1;
    -- Drives in it: when one is away, its files are not gone.
    CREATE TABLE mounts (folder BLOB NOT NULL, path BLOB NOT NULL, PRIMARY KEY (folder, path)) WITHOUT ROWID;
",
    "
    -- Numbers that are never given again; who has a job in hand, and who alone can run it; the list as a view.
    DROP TRIGGER tally_insert;
    DROP TRIGGER tally_delete;
    DROP TRIGGER tally_update;
    DROP TABLE tally;
    CREATE TABLE jobs_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        source BLOB NOT NULL,
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        profile TEXT NOT NULL,
        watched BLOB,
        variants TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'planned', 'done', 'failed')),
        outcome TEXT,
        size INTEGER,
        sha256 TEXT,
        content_type TEXT,
        error_code TEXT,
        error_message TEXT,
        error_hint TEXT,
        created_at INTEGER NOT NULL,
        finished_at INTEGER,
        paused INTEGER NOT NULL DEFAULT 0,
        on_conflict TEXT,
        -- The file got new content while its job was under way, and what is done then where its key is taken.
        again INTEGER NOT NULL DEFAULT 0,
        again_choice TEXT,
        -- The engine that has it in hand.
        engine TEXT,
        -- The engine that alone has its credentials.
        needs TEXT,
        -- Taken out of the list that people see.
        hidden INTEGER NOT NULL DEFAULT 0,
        -- Another computer uploaded it: there is no such file here.
        foreign_to_here INTEGER NOT NULL DEFAULT 0,
        -- SHA-256 of what it is to send, and nothing else.
        wanted TEXT
    );
    INSERT INTO jobs_anew(id, uid, source, name, folder, profile, watched, variants, state, outcome, size, sha256, content_type,
        error_code, error_message, error_hint, created_at, finished_at, paused, on_conflict, again, again_choice)
    SELECT id, uid, source, name, folder, profile, watched, variants, state, outcome, size, sha256, content_type,
        error_code, error_message, error_hint, created_at, finished_at, paused, on_conflict, again, again_choice FROM jobs ORDER BY id;
    DROP TABLE jobs;
    ALTER TABLE jobs_anew RENAME TO jobs;
    -- What was adopted from a manifest has a bare name for a path.
    UPDATE jobs SET foreign_to_here = 1
        WHERE substr(source, 1, 1) NOT IN (x'2f', x'5c') AND substr(source, 2, 1) <> x'3a' AND outcome = 'uploaded';

    CREATE INDEX jobs_next ON jobs(profile, watched IS NOT NULL, id) WHERE state IN ('queued', 'planned') AND paused = 0 AND engine IS NULL;
    CREATE INDEX jobs_in_hand ON jobs(engine) WHERE engine IS NOT NULL;
    CREATE INDEX jobs_needing ON jobs(needs) WHERE needs IS NOT NULL;
    CREATE INDEX jobs_unfinished ON jobs(id) WHERE state IN ('queued', 'planned');
    CREATE INDEX jobs_unfinished_source ON jobs(source) WHERE state IN ('queued', 'planned');
    CREATE INDEX jobs_by_content ON jobs(sha256) WHERE state = 'done';
    CREATE INDEX jobs_of_folders ON jobs(watched) WHERE watched IS NOT NULL AND state IN ('queued', 'planned', 'failed');
    CREATE INDEX jobs_shown ON jobs(id) WHERE hidden = 0;

    -- Counting would take longer with every job; this is kept up by the database itself.
    CREATE TABLE tally (profile TEXT NOT NULL, kind TEXT NOT NULL, jobs INTEGER NOT NULL, PRIMARY KEY (profile, kind)) WITHOUT ROWID;
    INSERT INTO tally SELECT j.profile, CASE WHEN j.hidden = 1 THEN 'hidden' WHEN j.state IN ('done', 'failed') THEN j.state WHEN j.paused = 1 OR j.error_code IS NOT NULL THEN 'held' ELSE 'free' END, count(*) FROM jobs j GROUP BY 1, 2;
    CREATE TRIGGER tally_insert AFTER INSERT ON jobs BEGIN
        INSERT INTO tally VALUES (new.profile, CASE WHEN new.hidden = 1 THEN 'hidden' WHEN new.state IN ('done', 'failed') THEN new.state WHEN new.paused = 1 OR new.error_code IS NOT NULL THEN 'held' ELSE 'free' END, 1) ON CONFLICT (profile, kind) DO UPDATE SET jobs = jobs + 1;
    END;
    CREATE TRIGGER tally_delete AFTER DELETE ON jobs BEGIN
        UPDATE tally SET jobs = jobs - 1 WHERE profile = old.profile AND kind = CASE WHEN old.hidden = 1 THEN 'hidden' WHEN old.state IN ('done', 'failed') THEN old.state WHEN old.paused = 1 OR old.error_code IS NOT NULL THEN 'held' ELSE 'free' END;
    END;
    CREATE TRIGGER tally_update AFTER UPDATE OF state, paused, error_code, hidden, profile ON jobs
    WHEN old.profile <> new.profile OR CASE WHEN old.hidden = 1 THEN 'hidden' WHEN old.state IN ('done', 'failed') THEN old.state WHEN old.paused = 1 OR old.error_code IS NOT NULL THEN 'held' ELSE 'free' END <> CASE WHEN new.hidden = 1 THEN 'hidden' WHEN new.state IN ('done', 'failed') THEN new.state WHEN new.paused = 1 OR new.error_code IS NOT NULL THEN 'held' ELSE 'free' END BEGIN
        UPDATE tally SET jobs = jobs - 1 WHERE profile = old.profile AND kind = CASE WHEN old.hidden = 1 THEN 'hidden' WHEN old.state IN ('done', 'failed') THEN old.state WHEN old.paused = 1 OR old.error_code IS NOT NULL THEN 'held' ELSE 'free' END;
        INSERT INTO tally VALUES (new.profile, CASE WHEN new.hidden = 1 THEN 'hidden' WHEN new.state IN ('done', 'failed') THEN new.state WHEN new.paused = 1 OR new.error_code IS NOT NULL THEN 'held' ELSE 'free' END, 1) ON CONFLICT (profile, kind) DO UPDATE SET jobs = jobs + 1;
    END;
    UPDATE seen SET job = NULL WHERE job NOT IN (SELECT id FROM jobs);
    CREATE TRIGGER seen_forgets AFTER DELETE ON jobs BEGIN
        UPDATE seen SET job = NULL WHERE job = old.id;
    END;

    CREATE TABLE outbox_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('webhook', 'manifest')),
        profile TEXT NOT NULL,
        job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
        tries INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL
    );
    INSERT INTO outbox_anew SELECT * FROM outbox WHERE job IN (SELECT id FROM jobs) ORDER BY id;
    DROP TABLE outbox;
    ALTER TABLE outbox_anew RENAME TO outbox;
    CREATE INDEX outbox_next ON outbox(kind, profile, id);
    CREATE INDEX outbox_by_job ON outbox(job);
    CREATE INDEX removals_next ON removals(due_at) WHERE due_at IS NOT NULL;
",
    "
    -- What the buckets have, apart from the history of how it came there; and which files rely on it.
    CREATE TABLE bucket_objects (
        target TEXT NOT NULL,
        key TEXT NOT NULL,
        folded TEXT NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        etag TEXT NOT NULL,
        -- SHA-256 of the file it is, or was made of.
        source_sha256 TEXT NOT NULL,
        -- This computer sent it; what it found there is not its to replace or to remove.
        ours INTEGER NOT NULL,
        PRIMARY KEY (target, key)
    ) WITHOUT ROWID;
    CREATE INDEX bucket_objects_by_folded_key ON bucket_objects(target, folded);
    CREATE TABLE reliance (
        source BLOB NOT NULL,
        watched BLOB NOT NULL,
        target TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (source, watched, target, key)
    ) WITHOUT ROWID;
    CREATE INDEX reliance_by_object ON reliance(target, key);
    INSERT INTO bucket_objects
        SELECT o.target, o.key, coalesce(o.folded, lower(o.key)), coalesce(o.size, 0), coalesce(o.sha256, ''), '', coalesce(j.sha256, ''),
            j.outcome = 'uploaded' AND j.foreign_to_here = 0
        FROM objects o JOIN jobs j ON j.id = o.job WHERE j.state = 'done' AND o.url IS NOT NULL ORDER BY j.id
        ON CONFLICT (target, key) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, source_sha256 = excluded.source_sha256,
            ours = excluded.ours OR (ours AND sha256 = excluded.sha256);
    INSERT OR IGNORE INTO reliance
        SELECT j.source, coalesce(j.watched, x''), o.target, o.key FROM objects o JOIN jobs j ON j.id = o.job
        WHERE j.state = 'done' AND o.url IS NOT NULL AND j.foreign_to_here = 0;

    -- A folder's own clock: it runs while an engine sees the folder. The time to undo a removal is told by it.
    ALTER TABLE folders ADD COLUMN watched_ms INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE folders ADD COLUMN looked_at INTEGER;
    DROP INDEX removals_next;
    CREATE TABLE removals_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder BLOB NOT NULL,
        path BLOB NOT NULL,
        -- By the folder's clock; without a time it waits for a person.
        due_at INTEGER,
        UNIQUE (folder, path)
    );
    INSERT INTO removals_anew
        SELECT id, folder, path, max(0, due_at - CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) FROM removals ORDER BY id;
    DROP TABLE removals;
    ALTER TABLE removals_anew RENAME TO removals;
    CREATE INDEX removals_next ON removals(due_at) WHERE due_at IS NOT NULL;
    INSERT OR IGNORE INTO folders(path, begun) SELECT DISTINCT folder, 0 FROM removals;
    -- Keys whose object is being taken away at this moment.
    CREATE TABLE leaving (target TEXT NOT NULL, key TEXT NOT NULL, removal INTEGER NOT NULL, engine TEXT NOT NULL, PRIMARY KEY (target, key)) WITHOUT ROWID;

    -- The uploads of its key that others had begun before this one.
    ALTER TABLE uploads ADD COLUMN before TEXT;
    -- One bucket may be spelled in many ways; this is what it was called first.
    CREATE TABLE bucket_names (name TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE profile_buckets (profile TEXT PRIMARY KEY, bucket TEXT NOT NULL, target TEXT NOT NULL) WITHOUT ROWID;
",
    "
    -- What a job that was never finished may have sent: the object, if it is there, says that this job sent it.
    ALTER TABLE bucket_objects ADD COLUMN upload TEXT;
",
    "
    -- What was given up for want of credentials is for any engine that has them: it need not go through all that others do.
    CREATE INDEX jobs_unopened ON jobs(profile, watched IS NOT NULL, id)
        WHERE error_code = 'credentials-missing' AND state IN ('queued', 'planned') AND paused = 0 AND engine IS NULL;
",
    "
    -- What a person chose for an original that tells where it was taken.
    ALTER TABLE jobs ADD COLUMN location TEXT;
    -- With what this installation marks its objects, so that it alone knows what they were made of.
    CREATE TABLE label_key (key BLOB NOT NULL);
    INSERT INTO label_key VALUES (randomblob(32));
",
    "
    -- What stands for a picture while it loads, and how well its variants were encoded.
    ALTER TABLE jobs ADD COLUMN thumbhash TEXT;
    ALTER TABLE jobs ADD COLUMN colour TEXT;
    ALTER TABLE objects ADD COLUMN quality INTEGER;
    ALTER TABLE objects ADD COLUMN score REAL;
",
    "
    -- The sheet: what is done, by the day on which it was; its days are counted by the database itself. A program of
    -- the layout before this, which runs still, knows no days: what it does is recorded, and shown by searching.
    ALTER TABLE jobs ADD COLUMN day INTEGER;
    UPDATE jobs SET day = day_of(coalesce(finished_at, created_at)) WHERE state = 'done';
    DROP INDEX jobs_shown;
    CREATE INDEX jobs_by_day ON jobs(day, id) WHERE hidden = 0 AND state = 'done';
    CREATE INDEX jobs_by_profile ON jobs(profile, day, id) WHERE hidden = 0 AND state = 'done';
    CREATE INDEX jobs_by_folder ON jobs(watched, day, id) WHERE hidden = 0 AND state = 'done';
    CREATE INDEX jobs_failed ON jobs(id) WHERE hidden = 0 AND state = 'failed';
    CREATE TABLE days (day INTEGER NOT NULL, profile TEXT NOT NULL, jobs INTEGER NOT NULL, PRIMARY KEY (day, profile)) WITHOUT ROWID;
    INSERT INTO days SELECT day, profile, count(*) FROM jobs WHERE hidden = 0 AND state = 'done' GROUP BY 1, 2;
    CREATE TRIGGER days_insert AFTER INSERT ON jobs WHEN new.hidden = 0 AND new.state = 'done' AND new.day IS NOT NULL BEGIN
        INSERT INTO days VALUES (new.day, new.profile, 1) ON CONFLICT (day, profile) DO UPDATE SET jobs = jobs + 1;
    END;
    CREATE TRIGGER days_delete AFTER DELETE ON jobs WHEN old.hidden = 0 AND old.state = 'done' BEGIN
        UPDATE days SET jobs = jobs - 1 WHERE day = old.day AND profile = old.profile;
    END;
    CREATE TRIGGER days_update AFTER UPDATE OF state, hidden, profile, day ON jobs
    WHEN old.hidden = 0 AND old.state = 'done' OR new.hidden = 0 AND new.state = 'done' BEGIN
        UPDATE days SET jobs = jobs - 1 WHERE day = old.day AND profile = old.profile AND old.hidden = 0 AND old.state = 'done';
        INSERT INTO days SELECT new.day, new.profile, 1 WHERE new.hidden = 0 AND new.state = 'done' AND new.day IS NOT NULL
            ON CONFLICT (day, profile) DO UPDATE SET jobs = jobs + 1;
    END;
    -- The words of each entry, by all their runs of three signs.
    CREATE VIRTUAL TABLE sought USING fts5(words, tokenize = 'trigram case_sensitive 1', detail = none);
    INSERT INTO sought(rowid, words) SELECT j.id, words(j.name, j.folder, (SELECT key FROM objects WHERE job = j.id AND position = 0), char(2) || j.profile || char(3))
        FROM jobs j ORDER BY j.id;
    CREATE TRIGGER sought_delete AFTER DELETE ON jobs BEGIN
        DELETE FROM sought WHERE rowid = old.id;
    END;
",
];
