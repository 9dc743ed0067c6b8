-- PostfixAdmin's tables for PostgreSQL as its own set-up leaves them (schema 1.8), with the additions Llavero asks
-- the operator for: mailbox.valid_until, llavero_owner and llavero_copy. Only the tables that a mail system reads are here.

CREATE TABLE admin (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  created timestamptz NOT NULL DEFAULT now(),
  modified timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  superadmin boolean NOT NULL DEFAULT false,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity timestamptz DEFAULT now()
);

CREATE TABLE domain (
  domain varchar(255) PRIMARY KEY,
  description varchar(255) NOT NULL DEFAULT '',
  aliases integer NOT NULL DEFAULT 0,
  mailboxes integer NOT NULL DEFAULT 0,
  maxquota bigint NOT NULL DEFAULT 0,
  quota bigint NOT NULL DEFAULT 0,
  transport varchar(255) DEFAULT NULL,
  backupmx boolean NOT NULL DEFAULT false,
  password_expiry integer DEFAULT 0,
  created timestamptz NOT NULL DEFAULT now(),
  modified timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);

CREATE TABLE domain_admins (
  username varchar(255) NOT NULL,
  domain varchar(255) NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);

CREATE TABLE alias (
  address varchar(255) PRIMARY KEY,
  goto text NOT NULL,
  domain varchar(255) NOT NULL REFERENCES domain (domain),
  created timestamptz NOT NULL DEFAULT now(),
  modified timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE INDEX alias_domain_idx ON alias (domain);

CREATE TABLE alias_domain (
  alias_domain varchar(255) PRIMARY KEY REFERENCES domain (domain) ON DELETE CASCADE,
  target_domain varchar(255) NOT NULL REFERENCES domain (domain) ON DELETE CASCADE,
  created timestamptz NOT NULL DEFAULT now(),
  modified timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);

CREATE TABLE mailbox (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  name varchar(255) NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  quota bigint NOT NULL DEFAULT 0,
  created timestamptz NOT NULL DEFAULT now(),
  modified timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  domain varchar(255) REFERENCES domain (domain),
  local_part varchar(255) NOT NULL,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity timestamptz DEFAULT now(),
  password_expiry timestamptz DEFAULT now() + interval '365 days',
  -- Llavero: first instant at which the login query no longer lets the person in; null = never.
  valid_until timestamptz
);
CREATE INDEX mailbox_domain_idx ON mailbox (domain);

-- Llavero: who a mailbox made by it belongs to. A mailbox removed by hand takes its mark along.
CREATE TABLE llavero_owner (
  account varchar(255) PRIMARY KEY REFERENCES mailbox (username) ON DELETE CASCADE,
  person_id varchar(36) NOT NULL
);

CREATE INDEX llavero_owner_person_idx ON llavero_owner (person_id);

-- Llavero: who gets a copy of what is sent from a mailbox (R5); null = nobody any more.
CREATE TABLE llavero_copy (
  account varchar(255) PRIMARY KEY REFERENCES mailbox (username) ON DELETE CASCADE,
  copy_to varchar(255)
);

-- What the mail server asks at a login:
--   SELECT username AS user, password FROM mailbox
--   WHERE username = '%u' AND active AND (valid_until IS NULL OR valid_until > now())

-- What Postfix asks for each sender (sender_bcc_maps):
--   SELECT copy_to FROM llavero_copy WHERE account = '%s' AND copy_to IS NOT NULL

INSERT INTO domain (domain, description) VALUES ('ALL', ''), ('valleclaro.example', 'Municipalidad de Valle Claro');
INSERT INTO alias (address, goto, domain)
SELECT who || '@valleclaro.example', 'informatica@proveedor.example', 'valleclaro.example'
FROM unnest(ARRAY['abuse', 'hostmaster', 'postmaster', 'webmaster']) AS who;

-- The connector's own login: it adds and changes, and may delete nothing (R25).
GRANT SELECT ON domain TO llavero;
GRANT SELECT, INSERT, UPDATE ON mailbox, alias, llavero_owner, llavero_copy TO llavero;
