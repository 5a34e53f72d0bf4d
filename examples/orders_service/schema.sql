-- Items that can be ordered, and a few orders to show.
create table items (
  id integer primary key,
  left_over bigint not null check (left_over >= 0)
);
create table orders (
  id bigint generated always as identity primary key,
  item integer not null references items,
  quantity bigint not null
);
insert into items select number, 1000000000 from generate_series(1, 1000) as number;
insert into items values (1001, 3);
insert into orders (item, quantity) select 1 + number % 1000, 1 + number % 7 from generate_series(1, 10000) as number;
